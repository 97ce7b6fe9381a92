// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_MESSAGECATCHER_H
#define QANAT_TESTS_MESSAGECATCHER_H

#include <QtCore/qlist.h>
#include <QtCore/qlogging.h>
#include <QtCore/qstring.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace Qanat {

// Everything that is logged while it exists. The test sees to it: nothing comes to QtTest but what the library itself logs. One
// at a time.
class MessageCatcher
{
public:
    struct Message
    {
        QtMsgType type;
        QString category;
        QString text;
    };

    MessageCatcher()
    {
        s_messages.clear();
        s_previous = qInstallMessageHandler(handle);
    }
    ~MessageCatcher() { qInstallMessageHandler(s_previous); }
    Q_DISABLE_COPY_MOVE(MessageCatcher)

    QList<Message> messages() const
    {
        const std::lock_guard lock(s_mutex);
        return s_messages;
    }
    qsizetype count(const QString &text) const
    {
        const QList<Message> all = messages();
        return std::count_if(all.begin(), all.end(), [&text](const Message &one) { return one.text == text; });
    }
    // Whether this is the handler that Qt calls. For moments when nobody else logs.
    static bool isCurrent()
    {
        const QtMessageHandler current = qInstallMessageHandler(nullptr);
        qInstallMessageHandler(current);
        return current == handle;
    }

    static void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
    {
        const bool isOurs = context.category && std::strncmp(context.category, "qanat.", 6) == 0;
        {
            const std::lock_guard lock(s_mutex);
            s_messages.append({type, QString::fromUtf8(context.category), text});
        }
        if (isOurs)
            s_previous(type, context, text);
    }

private:
    static inline std::mutex s_mutex;
    static inline QList<Message> s_messages;
    static inline QtMessageHandler s_previous = nullptr;
};

} // namespace Qanat

#endif
