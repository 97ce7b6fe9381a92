// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "signaltap_p.h"

#include "logging_p.h"
#include "signalargument_p.h"
#include "sink_p.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

QString SignalTap::refusal(const QObject *sender, const Sink *sink)
{
    if (!sender)
        return u"there is no sender"_s;
    if (!sink)
        return u"there is no sink"_s;
    for (const QMetaObject *meta = sender->metaObject(); meta; meta = meta->superClass()) {
        if (QByteArrayView(meta->className()).startsWith("Qanat::"))
            return u"signals of this library's objects tell of events, so each would make another one"_s;
    }
    return {};
}

QString SignalTap::unreadable(const QMetaMethod &signal)
{
    for (int i = 0; i < signal.parameterCount(); ++i) {
        if (!signal.parameterMetaType(i).isValid())
            return QString::fromLatin1(signal.parameterTypeName(i));
    }
    return {};
}

// No clock reaches further.
constexpr std::chrono::milliseconds Longest = std::chrono::hours(24 * 36500);

void SignalTap::warnOfException(const char *what)
{
    qCWarning(qanatSource, "An exception left what makes an event of a signal: %s", what);
}

SignalTap::SignalTap(const QObject &sender, const Sink &sink, const SignalOptions &options)
    : m_mailbox(SinkAccess::mailbox(sink))
    , m_options{options.source, options.subject.isEmpty() ? sender.objectName() : options.subject, options.debounce, {}}
{
    SinkAccess::noteType(sink);
    if (options.debounce > std::chrono::milliseconds(0))
        m_debounce = std::make_shared<Debounce>(m_mailbox, std::min(options.debounce, Longest));
}

void SignalTap::write(const QMetaMethod &emitted, const QString &typeOfEvent, void **arguments)
{
    QVariantMap data;
    const QList<QByteArray> names = emitted.parameterNames();
    for (int i = 0; i < emitted.parameterCount(); ++i) {
        const QVariant value(emitted.parameterMetaType(i), arguments[i + 1]);
        data.insert(names[i].isEmpty() ? u"argument%1"_s.arg(i + 1) : QString::fromUtf8(names[i]),
                    signalArgument(value));
    }
    write(Event(typeOfEvent, data.isEmpty() ? QVariant() : QVariant(std::move(data))));
}

void SignalTap::write(Event event)
{
    if (m_isEnded.load(std::memory_order_relaxed))
        return;
    if (!m_options.source.isEmpty() && event.isValid())
        event.setSource(m_options.source);
    if (!m_options.subject.isEmpty() && event.subject().isEmpty())
        event.setSubject(m_options.subject);
    const bool isValid = event.isValid();
    if (m_debounce && isValid)
        m_debounce->offer(event);
    else if (const WriteResult result = m_mailbox->write(event); result != WriteResult::Status::Closed) {
        if (!isValid && !m_isWarned.exchange(true)) {
            qCWarning(qanatSource, "An event that was made of a signal for %ls is not valid, and was not written: %ls",
                      qUtf16Printable(m_mailbox->label()), qUtf16Printable(event.errorText()));
        }
        return;
    }
    // The sink has ended, and so does this; with a debounce nobody has told yet.
    if (m_mailbox->isClosed())
        end();
}

void SignalTap::add(const QMetaObject::Connection &connection)
{
    std::unique_lock lock(m_mutex);
    if (!m_isEnded) {
        m_connections.push_back(connection);
        return;
    }
    // The sink was closed meanwhile.
    lock.unlock();
    QObject::disconnect(connection);
}

bool SignalTap::isActive() const
{
    // A sender that is destroyed takes its connections with it.
    const std::lock_guard lock(m_mutex);
    return !m_isEnded && !m_mailbox->isClosed()
           && std::any_of(m_connections.begin(), m_connections.end(), [](const auto &one) { return bool(one); });
}

void SignalTap::end()
{
    std::vector<QMetaObject::Connection> connections;
    {
        const std::lock_guard lock(m_mutex);
        m_isEnded = true;
        connections.swap(m_connections);
    }
    if (m_debounce)
        m_debounce->cancel();
    for (const QMetaObject::Connection &connection : connections)
        QObject::disconnect(connection);
    m_isOver = true;
}

} // namespace Qanat
