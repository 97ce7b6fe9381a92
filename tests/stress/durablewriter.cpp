// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A program to be ended at any moment: it writes numbered events into a durable queue, and says of which it was told that they
// are stored. What it says goes to standard output and to a file, which are to be outside of what is going to break. DeliveryAudit
// reads both.

#include "deliveryaudit.h"

#include <Qanat/DurableQueue>

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qfuture.h>
#include <QtCore/qrandom.h>
#include <QtCore/qtimer.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

constexpr int UsageStatus = 2;

// What waits for its delivery at most: the disk that it is tried on may be small.
constexpr qint64 MostPending = 20'000;
constexpr int MostOfBurst = 2'000;
constexpr int MostOfPart = 500;
constexpr std::chrono::seconds VerifyWithin(60);

// At once and whole, whatever becomes of this program.
void writeLine(int descriptor, const QByteArray &line)
{
    for (qsizetype at = 0; at < line.size();) {
        const ssize_t written = ::write(descriptor, line.constData() + at, size_t(line.size() - at));
        if (written < 0 && errno != EINTR) {
            std::perror("qanat-durable-writer: what it has to say cannot be written");
            std::_Exit(EXIT_FAILURE);
        }
        at += std::max(written, ssize_t(0));
    }
}

void say(const char *word, qint64 number)
{
    writeLine(STDOUT_FILENO, QByteArray(word) + ' ' + QByteArray::number(number) + '\n');
}

// Some 200 bytes that depend on the number.
QByteArray contentOf(qint64 number)
{
    QByteArray content = QByteArray::number(number) + ' ';
    quint64 state = quint64(number);
    while (content.size() < 200) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        content += char('a' + (state >> 33) % 26);
    }
    return content;
}

qint64 numberIn(const QByteArray &content)
{
    return content.left(content.indexOf(' ')).toLongLong();
}

// The other side: what arrives is noted outside, and then is delivered.
class Arrivals : public Sink
{
public:
    enum class Pace : quint8 {
        AtOnce,
        InParts, // With pauses, so that much is stored and little of it delivered.
    };

    Arrivals(int descriptor, Pace pace)
        : m_descriptor(descriptor)
        , m_pace(pace)
    {
    }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        if (m_pace == Pace::AtOnce) {
            note(batch);
            completion.settleAll(Delivery::delivered());
            return;
        }
        m_rest = batch;
        m_completion = std::move(completion);
        pause();
    }

private:
    void pause()
    {
        QRandomGenerator *random = QRandomGenerator::global();
        const std::chrono::milliseconds length(random->bounded(50) == 0 ? 100 : random->bounded(10));
        QTimer::singleShot(length, Qt::PreciseTimer, this, &Arrivals::deliverPart);
    }

    void deliverPart()
    {
        const qsizetype count = std::min(m_rest.size(), qsizetype(QRandomGenerator::global()->bounded(1, MostOfPart)));
        note(m_rest.mid(0, count));
        m_rest = m_rest.mid(count);
        if (m_rest.isEmpty()) {
            // The next batch may come meanwhile.
            Completion last = std::move(m_completion);
            last.settleAll(Delivery::delivered());
        } else {
            m_completion.settle(count, Delivery::delivered());
            pause();
        }
    }

    void note(const Batch &batch)
    {
        QByteArray lines;
        qint64 first = 0;
        qint64 last = -1;
        const auto endRun = [&] {
            if (first <= last)
                lines += "delivered " + QByteArray::number(first) + ' ' + QByteArray::number(last) + '\n';
        };
        for (const Event &event : batch) {
            const QByteArray content = event.data().toByteArray();
            const qint64 number = numberIn(content);
            if (content != contentOf(number))
                lines += "mangled " + QByteArray::number(number) + '\n';
            if (number != last + 1) {
                endRun();
                first = number;
            }
            last = number;
        }
        endRun();
        writeLine(m_descriptor, lines);
    }

    const int m_descriptor;
    const Pace m_pace;
    Batch m_rest;
    Completion m_completion;
};

// Says what is stored, in the order of writing and as soon as it is known: in a thread of its own, for the writer waits at the limit.
class Promises
{
public:
    Promises()
    {
        std::thread([this] { sayAll(); }).detach();
    }

    void add(qint64 number, const QFuture<Delivery> &stored)
    {
        const std::lock_guard guard(m_mutex);
        m_unknown.push_back({number, stored});
        m_isThere.notify_one();
    }

private:
    struct Promise
    {
        qint64 number;
        QFuture<Delivery> stored;
    };

    [[noreturn]] void sayAll()
    {
        for (;;) {
            const Promise promise = next();
            const Delivery outcome = promise.stored.result();
            if (outcome != Delivery::stored())
                qFatal("not stored: %ls", qUtf16Printable(outcome.toString()));
            say("stored", promise.number);
        }
    }

    Promise next()
    {
        std::unique_lock lock(m_mutex);
        m_isThere.wait(lock, [this] { return !m_unknown.empty(); });
        const Promise promise = m_unknown.front();
        m_unknown.pop_front();
        return promise;
    }

    std::mutex m_mutex;
    std::condition_variable m_isThere;
    std::deque<Promise> m_unknown;
};

// In either way to hear that it is stored.
QFuture<Delivery> sendOne(DurableQueue &queue, const Event &event)
{
    if (QRandomGenerator::global()->bounded(2) == 0) {
        const QFuture<Delivery> stored = queue.sendWithReceipt(event).stored;
        // At the limit a receipt says so at once, and only a writer waits.
        if (!stored.isFinished() || stored.result().error() != Delivery::Error::Full)
            return stored;
    }
    if (!queue.write(event))
        qFatal("an event was not accepted");
    return queue.flushed();
}

[[noreturn]] void writeEvents(DurableQueue &queue, qint64 from)
{
    Promises promises;
    QRandomGenerator *random = QRandomGenerator::global();
    const auto eventOf = [](qint64 number) { return Event(u"numbered"_s, contentOf(number)); };
    say("from", from);
    for (qint64 next = from;;) {
        const qint64 last = next + random->bounded(MostOfBurst);
        QList<Event> burst;
        for (; next < last; ++next)
            burst.append(eventOf(next));
        say("written", last);
        // Of a part nobody knows which it is, so there is no way to go on.
        if (queue.write(Batch(burst)).accepted() != burst.size())
            qFatal("a burst was not accepted as a whole");
        next = last + 1;
        // What was written before it is stored before it.
        promises.add(last, sendOne(queue, eventOf(last)));
    }
}

int write(const QString &spool, int descriptor, qint64 from)
{
    DurableQueue queue(spool, std::make_unique<Arrivals>(descriptor, Arrivals::Pace::InParts));
    queue.setLimits({MostPending, Limits::Unlimited, Limits::Overflow::Wait});
    // A writer waits at the limit in a thread of its own only.
    std::thread([&queue, from] { writeEvents(queue, from); }).detach();
    return QCoreApplication::exec();
}

int verify(const QString &spool, int descriptor)
{
    DurableQueue queue(spool, std::make_unique<Arrivals>(descriptor, Arrivals::Pace::AtOnce));
    const CloseResult closed = queue.close(VerifyWithin).result();
    say("resumed", queue.resumed());
    if (closed.isClean() && closed.stored() == 0 && queue.statistics().dropped == 0)
        return EXIT_SUCCESS;
    qWarning("%ls; %lld still stored; %ls", qUtf16Printable(closed.worst().toString()),
             static_cast<long long>(closed.stored()), qUtf16Printable(queue.statistics().toString()));
    return EXIT_FAILURE;
}

int audit(const QStringList &files)
{
    DeliveryAudit audit;
    for (qsizetype i = 0; i < files.size(); ++i) {
        if (i % 2 == 0)
            audit.beginRun();
        if (!audit.noteFile(files[i])) {
            qWarning("%ls: cannot be read", qUtf16Printable(files[i]));
            return EXIT_FAILURE;
        }
    }
    writeLine(STDOUT_FILENO, audit.toString().toUtf8() + '\n');
    return audit.isClean() ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(
        u"Writes numbered events into the durable queue SPOOL until it is ended, and appends what is delivered to the "
        u"file DELIVERED. "
        "Prints \"from N\", \"written N\" before it writes, and \"stored N\" for what it was told to be safe."_s);
    parser.addHelpOption();
    const QCommandLineOption from(u"from"_s, u"The number of the first event."_s, u"number"_s, u"1"_s);
    const QCommandLineOption verifies(u"verify"_s, u"Write nothing, deliver all that is stored, and end."_s);
    const QCommandLineOption audits(
        u"audit"_s, u"Judge runs instead: of each what it has printed, and what it has delivered, are two files."_s);
    parser.addOptions({from, verifies, audits});
    parser.addPositionalArgument(u"SPOOL"_s, u"The directory of the queue."_s);
    parser.addPositionalArgument(u"DELIVERED"_s, u"The file for what is delivered."_s);
    parser.process(application);

    const QStringList arguments = parser.positionalArguments();
    if (parser.isSet(audits))
        return arguments.isEmpty() || arguments.size() % 2 == 1 ? UsageStatus : audit(arguments);
    if (arguments.size() != 2)
        parser.showHelp(UsageStatus);
    const int descriptor =
        ::open(QFile::encodeName(arguments[1]).constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        std::perror(qPrintable(arguments[1]));
        return UsageStatus;
    }
    if (parser.isSet(verifies))
        return verify(arguments[0], descriptor);
    return write(arguments[0], descriptor, parser.value(from).toLongLong());
}
