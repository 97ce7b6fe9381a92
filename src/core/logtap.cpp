// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "logtap_p.h"

#include "currentmailbox_p.h"
#include "mailbox_p.h"
#include "messagehook_p.h"

#include <QtCore/qbytearrayview.h>

#include <algorithm>
#include <mutex>
#include <vector>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

using Taps = std::vector<std::shared_ptr<LogTap>>;

struct State
{
    std::mutex mutex;
    std::shared_ptr<const Taps> taps = std::make_shared<Taps>(); // Replaced, never changed: whoever logs looks at it.
};

// Never destroyed, since static objects may still log.
State &state()
{
    static auto *const state = new State;
    return *state;
}

// The numbers of QtMsgType are older than QtInfoMsg, and don't tell.
int severity(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return 0;
    case QtInfoMsg:
        return 1;
    case QtWarningMsg:
        return 2;
    case QtCriticalMsg:
        return 3;
    case QtFatalMsg:
        break;
    }
    return 4;
}

QString eventType(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return u"log.debug"_s;
    case QtInfoMsg:
        return u"log.info"_s;
    case QtWarningMsg:
        return u"log.warning"_s;
    default:
        return u"log.critical"_s;
    }
}

// What cannot leave the process, a surrogate that stands alone, is replaced.
QString wellFormed(const QString &text)
{
    return text.isValidUtf16() ? text : QString::fromUtf8(text.toUtf8());
}

Event eventOf(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    const QString category = context.category ? QString::fromUtf8(context.category) : u"default"_s;
    QVariantMap data{{u"message"_s, wellFormed(message)}, {u"category"_s, category}};
    if (context.file)
        data.insert(u"file"_s, QString::fromUtf8(context.file));
    if (context.line > 0)
        data.insert(u"line"_s, context.line);
    if (context.function)
        data.insert(u"function"_s, QString::fromUtf8(context.function));
    Event event(eventType(type), data);
    if (category != u"default"_s)
        event.setSubject(category);
    if (!event.isValid())
        event.setSubject({}); // A category can have any name.
    return event;
}

bool isOwnCategory(const char *category)
{
    return category && QByteArrayView(category).startsWith("qanat.");
}

// Whether it is logged by the work on events that may be messages: made into an event it would come back, and again, perhaps by
// way of another tap.
bool isFromWorkOnLogs(const Taps &taps)
{
    const Mailbox *const working = CurrentMailbox::address();
    // Between two calls, in a timer or when a network has an answer, a worker may be doing it for any of its mailboxes.
    if (!working && !Pump::isLibraryThread())
        return false;
    const auto isThat = [working](const Mailbox &one) { return working ? &one == working : one.isHere(); };
    return std::any_of(taps.begin(), taps.end(), [&](const std::shared_ptr<LogTap> &tap) {
        return tap->mailbox->leadsTo(isThat, Mailbox::Ways::DeadLettersToo);
    });
}

void hear(QtMsgType type, const QMessageLogContext &context, const QString &message, MessageHook::Entry entry)
{
    std::shared_ptr<const Taps> taps;
    {
        const std::lock_guard lock(state().mutex);
        taps = state().taps;
    }
    if (std::none_of(taps->begin(), taps->end(), [type](const auto &tap) { return tap->wants(type); }))
        return;
    const bool isSuppressed =
        entry == MessageHook::Entry::Again || isOwnCategory(context.category) || isFromWorkOnLogs(*taps);
    const Event event = isSuppressed ? Event() : eventOf(type, context, message);
    for (const std::shared_ptr<LogTap> &tap : *taps) {
        if (!tap->wants(type))
            continue;
        if (isSuppressed)
            tap->suppressed.fetch_add(1, std::memory_order_relaxed);
        else if (tap->mailbox->write(event) == WriteResult::Status::Closed)
            LogTap::close(tap.get());
    }
}

} // namespace

LogTap::LogTap(std::shared_ptr<Mailbox> intake)
    : mailbox(std::move(intake))
{
}

LogTap::~LogTap() = default;

void LogTap::open(const std::shared_ptr<LogTap> &tap)
{
    const std::lock_guard lock(state().mutex);
    const bool isFirst = state().taps->empty();
    auto taps = std::make_shared<Taps>(*state().taps);
    taps->push_back(tap);
    state().taps = std::move(taps);
    if (isFirst)
        MessageHook::install(hear);
}

void LogTap::close(const LogTap *tap)
{
    std::shared_ptr<const Taps> old; // Goes without the mutex.
    const std::lock_guard lock(state().mutex);
    auto taps = std::make_shared<Taps>(*state().taps);
    const auto rest = std::remove_if(taps->begin(), taps->end(), [tap](const auto &one) { return one.get() == tap; });
    if (rest == taps->end())
        return;
    taps->erase(rest, taps->end());
    if (taps->empty())
        MessageHook::remove();
    old = std::exchange(state().taps, std::move(taps));
}

bool LogTap::wants(QtMsgType type) const
{
    return severity(type) >= severity(minimumLevel.load(std::memory_order_relaxed));
}

} // namespace Qanat
