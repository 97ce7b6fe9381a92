// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/shutdown.h"

#include "Qanat/core/terminationsignals.h"
#include "logging_p.h"
#include "mailbox_p.h"
#include "runtime_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qfuturewatcher.h>
#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <unordered_set>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace Qanat {

namespace {

using MailboxRef = std::shared_ptr<Mailbox>;

/*
 * Closes what nobody writes to any more, waits for it, and goes on with what is then the first. Where dead letters go round in a
 * circle nobody is first, and they count no longer.
 */
class Shutdown : public std::enable_shared_from_this<Shutdown>
{
public:
    explicit Shutdown(nanoseconds deadline)
        : m_deadline(deadline)
    {
        m_promise.start();
    }

    QFuture<CloseResult> begin(std::vector<MailboxRef> mailboxes)
    {
        const QFuture<CloseResult> future = m_promise.future();
        m_left = std::move(mailboxes);
        goOn();
        return future;
    }

private:
    void goOn()
    {
        std::vector<MailboxRef> first = takeFirst();
        if (first.empty()) {
            m_promise.addResult(CloseResult(m_worst, m_leftEvents, m_unknownEvents, m_storedEvents));
            m_promise.finish();
            return;
        }
        m_open = int(first.size());
        const nanoseconds now = Clock::system()->now();
        // What the deadline leaves goes to the dead-letter sinks, which come later and must have the time to keep it.
        const nanoseconds least = std::exchange(m_isFirst, false) ? nanoseconds(0) : nanoseconds(DeadLetterGrace);
        const nanoseconds within = m_deadline == nanoseconds::max() ? m_deadline : std::max(m_deadline - now, least);
        for (const MailboxRef &mailbox : first)
            mailbox->close(within, [self = shared_from_this()](const CloseResult &result) { self->closed(result); });
    }

    // What was closed with a sink before it needs nothing more.
    std::vector<MailboxRef> takeFirst()
    {
        const auto isClosed = [](const MailboxRef &mailbox) { return mailbox->state() == PipelineNode::State::Closed; };
        m_left.erase(std::remove_if(m_left.begin(), m_left.end(), isClosed), m_left.end());
        for (const Mailbox::Ways ways : {Mailbox::Ways::DeadLettersToo, Mailbox::Ways::Links}) {
            std::vector<MailboxRef> first = takeFirst(ways);
            if (!first.empty())
                return first;
        }
        return std::exchange(m_left, {});
    }

    std::vector<MailboxRef> takeFirst(Mailbox::Ways ways)
    {
        std::unordered_set<const Mailbox *> later;
        for (const MailboxRef &mailbox : m_left) {
            for (const MailboxRef &next : mailbox->next(ways))
                later.insert(next.get());
        }
        const auto isLater = [&later](const MailboxRef &mailbox) { return later.count(mailbox.get()) > 0; };
        const auto rest = std::stable_partition(m_left.begin(), m_left.end(), isLater);
        std::vector<MailboxRef> first(rest, m_left.end());
        m_left.erase(rest, m_left.end());
        return first;
    }

    // In any thread.
    void closed(const CloseResult &result)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_worst = Delivery::worse(m_worst, result.worst());
            m_leftEvents += result.left();
            m_unknownEvents += result.unknown();
            m_storedEvents += result.stored();
            if (--m_open > 0)
                return;
        }
        goOn();
    }

    static constexpr std::chrono::seconds DeadLetterGrace{2};

    const nanoseconds m_deadline;
    bool m_isFirst = true;
    std::mutex m_mutex;
    int m_open = 0;
    Delivery m_worst;
    qint64 m_leftEvents = 0;
    qint64 m_unknownEvents = 0;
    qint64 m_storedEvents = 0;
    std::vector<MailboxRef> m_left;
    QPromise<CloseResult> m_promise;
};

// What is done at the end of the application, which owns it.
class AtQuit : public QObject
{
public:
    explicit AtQuit(QCoreApplication *application)
        : QObject(application)
    {
        connect(application, &QCoreApplication::aboutToQuit, this, &AtQuit::wait);
    }

    std::chrono::milliseconds within{0};

private:
    // A loop of its own, which nowhere else is a good idea: that of the application has ended, and what lives in this thread
    // has to work still.
    void wait()
    {
        const QFuture<CloseResult> future = shutdown(within);
        QEventLoop loop;
        QFutureWatcher<CloseResult> watcher; // Wakes the loop up.
        watcher.setFuture(future);
        // Not exec(), which whoever calls QCoreApplication::exit() meanwhile would end.
        while (!future.isFinished())
            loop.processEvents(QEventLoop::ExcludeUserInputEvents | QEventLoop::WaitForMoreEvents);
        if (future.resultCount() > 0 && future.result().left() > 0) {
            qCWarning(qanatSink, "%lld events were not delivered before the application ended: %ls",
                      qlonglong(future.result().left()), qUtf16Printable(future.result().worst().toString()));
        }
    }
};

// Whether there is an application, and this is its thread.
bool isApplicationHere(const char *function)
{
    const QCoreApplication *const application = QCoreApplication::instance();
    const bool isHere = application && application->thread() == QThread::currentThread();
    if (!isHere)
        qCWarning(qanatSink, "%s() belongs into the thread of QCoreApplication, after that was made", function);
    return isHere;
}

} // namespace

QFuture<CloseResult> shutdown(std::chrono::milliseconds within)
{
    constexpr auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(nanoseconds::max()) / 2;
    const nanoseconds deadline = within >= longest
                                     ? nanoseconds::max()
                                     : Clock::system()->now() + std::max(within, std::chrono::milliseconds(0));
    return std::make_shared<Shutdown>(deadline)->begin(Runtime::mailboxes());
}

void shutdownAtQuit(std::chrono::milliseconds within)
{
    static QPointer<AtQuit> current;
    if (!isApplicationHere("shutdownAtQuit"))
        return;
    if (!current)
        current = new AtQuit(QCoreApplication::instance());
    current->within = within;
}

void quitOnTerminationSignals()
{
    static QPointer<TerminationSignals> current;
    if (!isApplicationHere("quitOnTerminationSignals") || current)
        return;
    current = new TerminationSignals(QCoreApplication::instance());
    QObject::connect(current, &TerminationSignals::received, current, [isFirst = true](int number) mutable {
        constexpr int SignalStatus = 128;
        if (std::exchange(isFirst, false))
            QCoreApplication::exit(SignalStatus + number);
        else
            shutdown(0ms);
    });
}

} // namespace Qanat
