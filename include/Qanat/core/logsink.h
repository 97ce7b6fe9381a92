// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LOGSINK_H
#define QANAT_CORE_LOGSINK_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <QtCore/qbytearray.h>

#include <functional>
#include <memory>

namespace Qanat {

class LogSinkPrivate;

/*!
 * Logs each event as a message of a logging category.
 *
 * \code
 * events->add(std::make_unique<LogSink>("app.events", LogSink::Severity::Debug));
 * \endcode
 *
 * The line has type, source, id and subject of the event, never its data: `document.renamed source=/editor
 * id=0190163d-8694-739b-aea5-966c26f8ad90 subject=report.odt`. An event is *filtered* while the rules of QLoggingCategory
 * switch its severity off for the category.
 *
 * It logs in the thread in which it works. Where that takes long, a terminal or a file, put it behind a Queue.
 */
class QANAT_CORE_EXPORT LogSink : public Sink
{
    Q_OBJECT
public:
    //! In the order of their weight. An event never ends the process, so *fatal* is not among them.
    enum class Severity : quint8 { Debug, Info, Warning, Critical };
    Q_ENUM(Severity)

    //! The name of the category is copied; an empty one is `default`.
    explicit LogSink(const QByteArray &category, Severity severity = Severity::Info, QObject *parent = nullptr);
    ~LogSink() override;

    //! Any thread.
    [[nodiscard]] QByteArray category() const;
    //! For all events. The sink's thread, or before the first write.
    void setSeverity(Severity severity);
    //! For each event what \a severity says, called in the sink's thread; null: Info. Where it throws, the event fails for good.
    void setSeverity(std::function<Severity(const Event &)> severity);
    //! The line for an event, for those that are logged, called in the sink's thread; null: the one above. Where it throws, the
    //! event fails for good. The sink's thread, or before the first write.
    void setFormatter(std::function<QString(const Event &)> formatter);

protected:
    Delivery deliver(const Event &event) override;

private:
    const std::unique_ptr<LogSinkPrivate> d;
};

} // namespace Qanat

#endif
