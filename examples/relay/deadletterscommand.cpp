// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "deadletterscommand.h"

#include "console.h"
#include "report.h"
#include "spool.h"

#include <Qanat/ByteSize>
#include <Qanat/Completion>
#include <Qanat/DurableQueue>
#include <Qanat/Duration>
#include <Qanat/StoredDeadLetters>

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qloggingcategory.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

constexpr int FailureStatus = 1;
constexpr int UsageStatus = 2;

// What waits in the spool is not delivered here.
class Parking : public Sink
{
protected:
    void process(const Batch &batch, Completion completion) override
    {
        Q_UNUSED(batch)
        m_parked.push_back(std::move(completion));
    }
    void interrupt() override { m_parked.clear(); }

private:
    std::vector<Completion> m_parked;
};

struct Order
{
    enum class Kind : quint8 { List, Retry, Export, Purge };

    Kind kind = Kind::List;
    QStringList folders;
    QList<quint64> numbers; // None: all, for Retry.
    std::optional<StoredDeadLetters::Capacity> rest; // What of them is left, for Purge; else none.
};

QString commandHelpText()
{
    return uR"(usage: qanat-relay dead-letters --spool DIR [--endpoint NAME] list
       qanat-relay dead-letters --spool DIR [--endpoint NAME] export
       qanat-relay dead-letters --spool DIR [--endpoint NAME] retry [NUMBER ...]
       qanat-relay dead-letters --spool DIR [--endpoint NAME] purge --all | NUMBER ... | --older-than TIME | --keep SIZE

What was given up and is kept in a spool, while no qanat-relay uses it: the last 100,000 of each endpoint, and 256 MiB.

  list      a line for each: endpoint, number, time, type, id, attempts, last status, and reason, with tabs between them
  export    each as a CloudEvent in a line of JSON, with the reason in extension attributes: qanat-relay reads that
  retry     makes them events again, with their ids: the next run sends them. All of them, or those with these numbers
  purge     removes them: all, those with these numbers, those that were given up before TIME (30d, 12h), or the oldest,
            until the rest takes SIZE (10MiB)

  --endpoint NAME   only of that endpoint: the name of its directory in DIR; needed for numbers where there are several

Exit status: 0 done, 1 something could not be done, 2 wrong usage.
)"_s;
}

// The first that is wrong.
Result<Order> parse(const QStringList &arguments, QCommandLineParser &parser)
{
    const QString spoolOption = u"spool"_s;
    const QString endpointOption = u"endpoint"_s;
    const QString ageOption = u"older-than"_s;
    const QString sizeOption = u"keep"_s;
    const QString allOption = u"all"_s;
    for (const QString &name : {spoolOption, endpointOption, ageOption, sizeOption})
        parser.addOption(QCommandLineOption(name, QString(), name));
    parser.addOption(QCommandLineOption(allOption));
    parser.addOption(QCommandLineOption(QStringList{u"help"_s, u"h"_s}));
    const bool isUnderstood = parser.parse(QStringList{u"qanat-relay dead-letters"_s} + arguments);
    if (parser.isSet(u"help"_s))
        return Order();
    if (!isUnderstood)
        return Failure{parser.errorText() + u" qanat-relay dead-letters --help lists the options."_s};

    Order order;
    if (!parser.isSet(spoolOption))
        return Failure{u"--spool DIR is missing"_s};
    const QString folder = parser.value(spoolOption);
    if (!QFileInfo(folder).isDir())
        return Failure{u"--spool: %1 is no directory"_s.arg(folder)};
    if (!QFileInfo(folder).isReadable() || !QFileInfo(folder).isExecutable())
        return Failure{u"--spool: %1 cannot be read: permission denied"_s.arg(folder)};
    order.folders = Spool::foldersIn(folder);
    if (order.folders.isEmpty())
        return Failure{u"--spool: in %1 there are no events of an endpoint"_s.arg(folder)};
    if (parser.isSet(endpointOption)) {
        const QString wanted = parser.value(endpointOption);
        order.folders.removeIf([&wanted](const QString &path) { return QFileInfo(path).fileName() != wanted; });
        if (order.folders.isEmpty())
            return Failure{u"--endpoint: there is no %1 in %2"_s.arg(wanted, folder)};
    }

    QStringList words = parser.positionalArguments();
    if (words.isEmpty())
        return Failure{u"list, retry, export or purge is missing"_s};
    const QString verb = words.takeFirst();
    const QStringList verbs{u"list"_s, u"retry"_s, u"export"_s, u"purge"_s};
    if (!verbs.contains(verb))
        return Failure{u"'%1' is none of list, retry, export and purge"_s.arg(verb)};
    order.kind = Order::Kind(verbs.indexOf(verb));

    const bool takesNumbers = order.kind == Order::Kind::Retry || order.kind == Order::Kind::Purge;
    for (const QString &word : std::as_const(words)) {
        bool isNumber = false;
        const quint64 number = word.toULongLong(&isNumber);
        if (!takesNumbers)
            return Failure{u"%1 takes no '%2'"_s.arg(verb, word)};
        if (!isNumber || number == 0)
            return Failure{u"'%1' is no number of a dead letter"_s.arg(word)};
        order.numbers.append(number);
    }
    if (!order.numbers.isEmpty() && order.folders.size() > 1)
        return Failure{u"there are several endpoints: --endpoint NAME says of which one the numbers are"_s};

    for (const QString &option : {ageOption, sizeOption, allOption}) {
        if (parser.isSet(option) && order.kind != Order::Kind::Purge)
            return Failure{u"--%1: only with purge"_s.arg(option)};
    }
    if (order.kind != Order::Kind::Purge)
        return order;
    const bool hasBounds = parser.isSet(ageOption) || parser.isSet(sizeOption);
    if (parser.isSet(allOption) + hasBounds + !order.numbers.isEmpty() != 1)
        return Failure{u"purge wants one of --all, NUMBER ..., and --older-than and --keep"_s};
    if (!hasBounds)
        return order;
    order.rest = StoredDeadLetters::Capacity{Limits::Unlimited, Limits::Unlimited};
    if (parser.isSet(ageOption)) {
        const Result<std::chrono::milliseconds> age = parseDuration(parser.value(ageOption));
        if (!age)
            return Failure{u"--older-than: "_s + age.errorText()};
        order.rest->age = *age;
    }
    if (parser.isSet(sizeOption)) {
        const Result<qint64> size = parseByteSize(parser.value(sizeOption));
        if (!size)
            return Failure{u"--keep: "_s + size.errorText()};
        order.rest->bytes = *size;
    }
    return order;
}

bool printOut(const QByteArray &line)
{
    return std::fwrite(line.constData(), 1, size_t(line.size()), stdout) == size_t(line.size());
}

QByteArray lineOf(const DeadLetter &letter, const QString &endpoint)
{
    const QStringList fields{endpoint,
                             QString::number(letter.number),
                             letter.time.toString(Qt::ISODateWithMs),
                             letter.event.type(),
                             letter.event.id(),
                             QString::number(letter.attempts),
                             QString::number(letter.status),
                             letter.reason};
    QStringList shown;
    for (const QString &field : fields)
        shown.append(Console::oneLine(field));
    return shown.join(u'\t').toUtf8() + '\n';
}

// The spool of one endpoint.
class Letters
{
public:
    explicit Letters(const QString &folder)
        : m_name(QFileInfo(folder).fileName())
        , m_queue(std::make_unique<DurableQueue>(folder, std::make_unique<Parking>()))
        , m_letters(m_queue->storedDeadLetters())
    {
    }
    ~Letters() { m_queue->close(std::chrono::seconds(0)).waitForFinished(); }
    Q_DISABLE_COPY_MOVE(Letters)

    // Why something could not be done; empty where all was.
    [[nodiscard]] QString carryOut(const Order &order)
    {
        switch (order.kind) {
        case Order::Kind::List:
            return print([this](const DeadLetter &letter) { return Result<QByteArray>(lineOf(letter, m_name)); });
        case Order::Kind::Export:
            return print([](const DeadLetter &letter) {
                const Result<QByteArray> json = letter.toEvent().toJson();
                return json ? Result<QByteArray>(*json + '\n') : json;
            });
        case Order::Kind::Retry:
            if (order.numbers.isEmpty())
                return tell(m_letters->sendAllAgain(), u"sent again by the next run"_s);
            return tellEach(
                order.numbers, [this](quint64 number) { return m_letters->sendAgain(number); },
                u"sent again by the next run"_s);
        case Order::Kind::Purge:
            if (order.rest)
                return tell(m_letters->purge(*order.rest), u"removed"_s);
            if (order.numbers.isEmpty())
                return tell(m_letters->clear(), u"removed"_s);
            return tellEach(
                order.numbers, [this](quint64 number) { return m_letters->remove(number); }, u"removed"_s);
        }
        return {};
    }

    // How many events were lost by a damage that showed now; empty where none was.
    [[nodiscard]] QString damageText() const
    {
        const Statistics statistics = m_queue->statistics();
        if (statistics.dropped == 0)
            return {};
        return u"%1: %2 events are lost: %3"_s.arg(m_name, grouped(statistics.dropped),
                                                   statistics.lastError.errorText());
    }

private:
    template<typename Format>
    [[nodiscard]] QString print(Format format)
    {
        QString error;
        for (quint64 last = 0;;) {
            QFuture<Result<QList<DeadLetter>>> page = m_letters->letters(last, 1000);
            const Result<QList<DeadLetter>> letters = page.result();
            if (!letters)
                return letters.errorText();
            if (letters->isEmpty())
                return error;
            for (const DeadLetter &letter : *letters) {
                last = letter.number;
                const Result<QByteArray> line = format(letter);
                if (!line)
                    error = u"%1: the dead letter %2: %3"_s.arg(m_name).arg(last).arg(line.errorText());
                else if (!printOut(*line))
                    return u"standard output cannot be written"_s;
            }
        }
    }
    [[nodiscard]] QString tell(QFuture<Result<qint64>> future, const QString &what)
    {
        const Result<qint64> count = future.result();
        if (!count)
            return count.errorText();
        printOut(u"%1: %2 %3\n"_s.arg(m_name, grouped(*count), what).toUtf8());
        return {};
    }
    template<typename Ask>
    [[nodiscard]] QString tellEach(const QList<quint64> &numbers, Ask ask, const QString &what)
    {
        qint64 done = 0;
        QStringList missing;
        for (const quint64 number : numbers) {
            const Result<qint64> count = ask(number).result();
            if (!count)
                return count.errorText();
            done += *count;
            if (*count == 0)
                missing.append(QString::number(number));
        }
        printOut(u"%1: %2 %3\n"_s.arg(m_name, grouped(done), what).toUtf8());
        return missing.isEmpty() ? QString() : u"%1: there is no dead letter %2"_s.arg(m_name, missing.join(u", "_s));
    }

    const QString m_name;
    const std::unique_ptr<DurableQueue> m_queue;
    StoredDeadLetters *const m_letters;
};

} // namespace

int runDeadLettersCommand(const QStringList &arguments)
{
    QCommandLineParser parser;
    const Result<Order> order = parse(arguments, parser);
    if (parser.isSet(u"help"_s))
        return printOut(commandHelpText().toUtf8()) ? 0 : FailureStatus;
    if (!order) {
        Console::print(order.errorText());
        return UsageStatus;
    }
    // What is wrong with a spool is told as the reason why something could not be done; that it was damaged is told as it is.
    QLoggingCategory::setFilterRules(u"qanat.*.warning=false"_s);
    qInstallMessageHandler(Console::handleMessage);
    int status = 0;
    for (const QString &folder : order->folders) {
        Letters letters(folder);
        for (const QString &error : {letters.carryOut(*order), letters.damageText()}) {
            if (error.isEmpty())
                continue;
            Console::print(error);
            status = FailureStatus;
        }
    }
    return std::fflush(stdout) == 0 ? status : FailureStatus;
}

} // namespace Relay
