// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "document.h"

#include "goals.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdatetime.h>
#include <QtCore/qfile.h>
#include <QtCore/qprocess.h>
#include <QtCore/qsavefile.h>
#include <QtCore/qstorageinfo.h>
#include <QtCore/qsysinfo.h>
#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;

namespace {

QString numberText(double value)
{
    if (value == 0 || value >= 1000)
        return QString::number(value, 'f', 0);
    return QString::number(value, 'f', value < 10 ? 2 : value < 100 ? 1 : 0);
}

QString numberText(std::optional<double> value)
{
    return value ? numberText(*value) : u"not measured"_s;
}

// Events per second, for rows whose figure is per event and queue: deliveries.
QString rateText(std::optional<double> ns)
{
    if (!ns || *ns <= 0)
        return u"-"_s;
    const double millions = 1000 / *ns;
    return millions < 1 ? QString::number(millions, 'f', 2) : QString::number(millions, 'f', millions < 10 ? 1 : 0);
}

struct Peer
{
    QString name;
    QString prefix;
};

QList<Peer> growthPeers()
{
    return {{u"Qanat"_s, {}},
            {u"go-events"_s, u"peer/go-events/"_s},
            {u"queued Qt signal"_s, u"peer/qt-signal/"_s},
            {u"Boost.Signals2 and a mutex"_s, u"peer/boost-signals2/"_s},
            {u"moodycamel"_s, u"peer/moodycamel/"_s},
            {u"spdlog, asynchronous"_s, u"peer/spdlog/"_s}};
}

QString growth(const Figures &figures, const QString &row, const QList<int> &numbers, const QString &what)
{
    QString text = u"| "_s + what + u" |"_s;
    for (const int number : numbers)
        text += u" %1 |"_s.arg(number);
    text += u"\n|---|"_s + u"---|"_s.repeated(numbers.size()) + u'\n';
    const QList<Peer> peers = growthPeers();
    for (const Peer &peer : peers) {
        if (!figures.has(peer.prefix + row.arg(numbers.first())))
            continue;
        text += u"| %1 |"_s.arg(peer.name);
        for (const int number : numbers)
            text += u" %1 |"_s.arg(rateText(figures.median(peer.prefix + row.arg(number), u"ns"_s)));
        text += u'\n';
    }
    return text;
}

QString firstLineOf(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.start(program, arguments, QIODevice::ReadOnly);
    if (!process.waitForFinished())
        return {};
    return QString::fromLocal8Bit(process.readAllStandardOutput().split('\n').first()).trimmed();
}

QString processor()
{
    QFile file(u"/proc/cpuinfo"_s);
    if (file.open(QIODevice::ReadOnly)) {
        const QList<QByteArray> lines = file.readAll().split('\n');
        for (const QByteArray &line : lines) {
            if (line.startsWith("model name"))
                return QString::fromUtf8(line.mid(line.indexOf(':') + 1).trimmed());
        }
    }
    return QSysInfo::currentCpuArchitecture();
}

constexpr auto Begin = "<!-- what ./run bench writes begins here -->\n"_L1;
constexpr auto End = "<!-- and ends here -->\n"_L1;

const QList<int> Producers{1, 2, 4, 8};
const QList<int> Queues{1, 10, 100, 1000, 10000};

} // namespace

QString Document::tables(const Figures &figures, int rounds)
{
    QString text =
        u"| benchmark | | Qanat | peer | | ratio | worst - best | wanted | |\n|---|---|---|---|---|---|---|---|---|\n"_s;
    const QList<Goal> goals = allGoals();
    for (const Goal &goal : goals) {
        if (!figures.has(goal.row))
            continue;
        const std::optional<double> reached = goal.reached(figures);
        const QString peer = goal.hasPeer() ? numberText(figures.median(goal.peerRow(), goal.peerCounter)) : u"-"_s;
        text += u"| %1 | %2 | %3 | %4 | %5 | %6 | %7 | %8 | %9 |\n"_s.arg(
            goal.row, goal.counter == goal.unit ? goal.unit : QString(goal.counter).replace(u'_', u' '),
            numberText(figures.median(goal.row, goal.counter)), goal.peer, peer, goal.ratioText(figures),
            goal.rangeText(figures), goal.boundText(),
            !reached        ? u"not measured"_s
            : *reached >= 1 ? u"reached"_s
                            : u"**missed**"_s);
    }
    text += u"\nMedians of %1 rounds; nanoseconds per event, for `broadcast` and `look` per event and queue.\n\n"_s.arg(
        rounds);
    if (figures.has(u"queue/producers:2"_s)) {
        text += u"Million events per second, by the number of producers of one queue:\n\n"_s
                + growth(figures, u"queue/producers:%1"_s, Producers, u"producers"_s) + u'\n';
    }
    if (figures.has(u"broadcast/queues:1"_s)) {
        text += u"Million deliveries per second, by the number of queues behind one broadcaster:\n\n"_s
                + growth(figures, u"broadcast/queues:%1"_s, Queues, u"queues"_s) + u'\n';
    }
    return text;
}

QString Document::histogram(const Figures &figures)
{
    QString text = u"Writes by how long they took, while nothing is taken out:\n\n"_s
                   u"| at most | Qanat | a bare mutex and vector |\n|---|---|---|\n"_s;
    const QString ours = u"write/latency"_s;
    const QString bare = u"peer/bare-vector/write/latency"_s;
    double oursBefore = 0;
    double bareBefore = 0;
    for (qint64 most = 32; most <= 1 << 29; most *= 2) {
        const QString counter = u"le_"_s + QString::number(most);
        const std::optional<double> oursNow = figures.median(ours, counter);
        const std::optional<double> bareNow = figures.median(bare, counter);
        if (!oursNow && !bareNow)
            break;
        const double oursCount = oursNow ? *oursNow - oursBefore : 0;
        const double bareCount = bareNow ? *bareNow - bareBefore : 0;
        if (oursCount > 0 || bareCount > 0) {
            const QString bound = most < 1024 ? u"%1 ns"_s.arg(most)
                                  : most < 1 << 20
                                      ? u"%1 µs"_s.arg(QString::number(double(most) / 1000, 'f', most < 10'000 ? 1 : 0))
                                      : u"%1 ms"_s.arg(QString::number(double(most) / 1e6, 'f', 1));
            text += u"| %1 | %2 | %3 |\n"_s.arg(bound, QString::number(oursCount, 'f', 0),
                                                QString::number(bareCount, 'f', 0));
        }
        oursBefore = oursNow.value_or(oursBefore);
        bareBefore = bareNow.value_or(bareBefore);
    }
    text += u"\nThe worst write: %1 µs, and %2 µs.\n"_s.arg(numberText(figures.median(ours, u"worst_us"_s)),
                                                            numberText(figures.median(bare, u"worst_us"_s)));
    return text;
}

// See folderTemplate() in storage.cpp.
QString Document::fileSystem()
{
    const QString named = qEnvironmentVariable("TMPDIR");
    const QString folder = named.isEmpty() ? QCoreApplication::applicationDirPath() : named;
    return QString::fromLocal8Bit(QStorageInfo(folder).fileSystemType());
}

QString Document::machine(const QString &revision)
{
    QString text = u"%1 processors, %2; %3, Qt %4, %5"_s.arg(
        QString::number(QThread::idealThreadCount()), processor(), QSysInfo::prettyProductName(),
        QLatin1StringView(qVersion()), QLatin1StringView(QANAT_BENCH_COMPILER));
    const QString go = firstLineOf(u"go"_s, {u"version"_s});
    if (!go.isEmpty())
        text += u", "_s + go.section(u' ', 2, 2);
    text += u". The rows of storage on "_s + fileSystem() + u". Measured on "_s
            + QDate::currentDate().toString(Qt::ISODate);
    if (!revision.isEmpty())
        text += u" at "_s + revision;
    return text + u".\n"_s;
}

QString Document::replaceIn(const QString &fileName, const QString &text)
{
    QFile old(fileName);
    if (!old.open(QIODevice::ReadOnly))
        return old.errorString();
    const QString before = QString::fromUtf8(old.readAll());
    const qsizetype begin = before.indexOf(Begin);
    const qsizetype end = before.indexOf(End);
    if (begin < 0 || end < begin)
        return u"the marks between which the figures belong are missing"_s;
    QSaveFile file(fileName);
    if (!file.open(QIODevice::WriteOnly))
        return file.errorString();
    file.write((before.left(begin) + Begin + u'\n' + text + u'\n' + before.mid(end)).toUtf8());
    return file.commit() ? QString() : file.errorString();
}
