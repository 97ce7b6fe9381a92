// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Measures Qanat and its peers side by side, prints one table, and writes it into docs/performance.md.

#include "document.h"
#include "goals.h"
#include "measurement.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdir.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qset.h>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace {

// Percent, so that three rounds take less than a minute.
int quickScale(const QString &row)
{
    // That many queues each get a few events only, and what each costs once would count more than the events.
    return row.startsWith(u"broadcast/queues:1000") ? 40 : 12;
}

void say(const QString &text)
{
    std::fprintf(stderr, "bench: %s\n", qUtf8Printable(text));
}

// Those of Qanat, in the order in which they are measured.
QStringList ownRows(const QStringList &all)
{
    QStringList rows;
    for (const QString &row : all) {
        if (!row.startsWith(u"peer/"))
            rows.append(row);
    }
    return rows;
}

// Of a run that decides: only the rows that have a ratio to keep.
QStringList rowsOfGoals()
{
    QStringList rows;
    const QList<Goal> goals = allGoals();
    for (const Goal &goal : goals) {
        if (goal.isRatio() && !rows.contains(goal.row))
            rows.append(goal.row);
    }
    return rows;
}

// Whether each ratio of those rows, at its best, comes near enough to what is wanted. What was not measured is not good.
bool isGoodEnough(const QStringList &rows, const Figures &figures)
{
    constexpr double Enough = 0.7;
    bool isGood = true;
    const QList<Goal> goals = allGoals();
    for (const Goal &goal : goals) {
        if (!goal.isRatio() || !rows.contains(goal.row))
            continue;
        const std::optional<double> reached = goal.reachedAtBest(figures);
        if (!reached) {
            say(u"%1 cannot be judged: %2 was not measured"_s.arg(goal.row, goal.peer));
            isGood = false;
        } else if (*reached < Enough) {
            say(u"%1 is too slow beside %2: %3 of what is wanted (%4), and %5 is the least"_s.arg(
                goal.row, goal.peer, QString::number(*reached, 'f', 2), goal.boundText(), QString::number(Enough)));
            isGood = false;
        }
    }
    return isGood;
}

void nameMissingPeers(const QStringList &rows, const QString &goEvents)
{
    for (const QString &peer : {u"boost-signals2"_s, u"moodycamel"_s, u"spdlog"_s}) {
        if (rows.filter(u"peer/"_s + peer).isEmpty())
            say(peer + u" is not installed: left out"_s);
    }
    if (goEvents.isEmpty())
        say(u"go-events-bench is not beside this program, because docker/go-events or Go is not installed: left out"_s);
}

// Ten million single writes tell better how many are late than a median of rounds.
void addLateWrites(Figures &figures)
{
    for (const QString &row : {u"write/latency"_s, u"peer/nothing/write/latency"_s}) {
        const QList<double> late = figures.values(row, u"over_100us"_s);
        const QList<double> counts = figures.values(row, u"count"_s);
        for (qsizetype i = 0; i < late.size(); ++i)
            figures.add(row, u"over_100us_per_million"_s, late[i] * 1e6 / counts[i]);
    }
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Measures Qanat and its peers side by side.\n\n"
                                     "Ends with 0; 1 where something could not be measured, an event was missing, or "
                                     "--quick found a ratio, at its best\n"
                                     "of three, below 0.7 of what is wanted; 2 where an argument is wrong."_s);
    parser.addHelpOption();
    const QCommandLineOption quick(u"quick"_s,
                                   u"Under a minute, with rounds and a scale of its own, and only the rows that "
                                   "have a ratio; ends with 1 if one is far from what is wanted."_s);
    const QCommandLineOption rounds(u"rounds"_s, u"How often everything is measured (5)."_s, u"N"_s, u"5"_s);
    const QCommandLineOption scale(u"scale"_s, u"How many of the usual events are sent, in percent (100)."_s,
                                   u"PERCENT"_s, u"100"_s);
    const QCommandLineOption revision(u"revision"_s, u"Of the sources, to be printed with the figures."_s, u"NAME"_s);
    const QCommandLineOption docs(
        u"docs"_s, u"Where performance.md and performance.svg are written, unless there are ROWs."_s, u"FOLDER"_s);
    parser.addOptions({quick, rounds, scale, revision, docs});
    parser.addPositionalArgument(u"ROW"_s, u"Only rows whose names begin so; nothing is written then."_s,
                                 u"[ROW...]"_s);
    parser.process(application);
    for (const QCommandLineOption &option : {rounds, scale}) {
        bool isNumber = false;
        if (parser.value(option).toInt(&isNumber) < 1 || !isNumber) {
            say(u"--%1 wants a number from 1 to 2147483647, and not \"%2\""_s.arg(option.names().first(),
                                                                                  parser.value(option)));
            return 2;
        }
    }
    const bool isQuick = parser.isSet(quick);
    if (isQuick && (parser.isSet(rounds) || parser.isSet(scale))) {
        say(u"--quick has rounds and a scale of its own: neither --rounds nor --scale can be given with it"_s);
        return 2;
    }
    const int count = isQuick ? 3 : parser.value(rounds).toInt();

    const QDir programs(QCoreApplication::applicationDirPath());
    QString goEvents = programs.filePath(u"go-events-bench"_s);
    if (!QFileInfo(goEvents).isExecutable())
        goEvents.clear();
    Measurement measurement(programs.filePath(u"qanat-bench"_s), goEvents);
    const QStringList all = measurement.rows();
    if (all.isEmpty()) {
        say(measurement.errorText());
        return 1;
    }
    nameMissingPeers(all, goEvents);
    QStringList rows = isQuick ? rowsOfGoals() : ownRows(all);
    const QStringList wanted = parser.positionalArguments();
    if (!wanted.isEmpty()) {
        for (const QString &one : wanted) {
            const auto isMeant = [&one](const QString &row) { return row.startsWith(one); };
            if (one.isEmpty() || std::none_of(rows.begin(), rows.end(), isMeant)) {
                say(u"no row%1 begins with \"%2\"; there are %3"_s.arg(isQuick ? u" that has a ratio"_s : QString(),
                                                                       one, rows.join(u", "_s)));
                return 2;
            }
        }
        rows.removeIf([&wanted](const QString &row) {
            return std::none_of(wanted.begin(), wanted.end(),
                                [&row](const QString &one) { return row.startsWith(one); });
        });
    }
    const bool writesDocs = parser.isSet(docs) && !isQuick && wanted.isEmpty();
    const QDir folder(parser.value(docs));
    if (writesDocs && !QFileInfo(folder.filePath(u"performance.md"_s)).isWritable()) {
        say(u"%1 cannot be written"_s.arg(folder.filePath(u"performance.md"_s)));
        return 2;
    }
    if (writesDocs && Document::fileSystem() == "tmpfs"_L1) {
        say(u"the rows of storage would be measured in memory: TMPDIR has to name a folder on a disk"_s);
        return 2;
    }

    Figures figures;
    QElapsedTimer timer;
    timer.start();
    for (int round = 1; round <= count; ++round) {
        say(u"round %1 of %2 (%3 s)"_s.arg(round).arg(count).arg(timer.elapsed() / 1000));
        for (const QString &row : std::as_const(rows)) {
            if (!measurement.run(row, round, isQuick ? quickScale(row) : parser.value(scale).toInt(), figures)) {
                say(measurement.errorText());
                return 1;
            }
        }
    }
    addLateWrites(figures);
    for (const QString &error : figures.errors())
        say(error);

    QString text = Document::tables(figures, count);
    if (figures.has(u"write/latency"_s))
        text += Document::histogram(figures) + u'\n';
    text += Document::machine(parser.value(revision));
    std::fputs(qUtf8Printable(text), stdout);
    if (!figures.errors().isEmpty())
        return 1;
    if (isQuick)
        return isGoodEnough(rows, figures) ? 0 : 1;
    if (!writesDocs)
        return 0;
    const QString fault = Document::replaceIn(folder.filePath(u"performance.md"_s), text);
    if (!fault.isEmpty()) {
        say(u"%1: %2"_s.arg(folder.filePath(u"performance.md"_s), fault));
        return 1;
    }
    QFile plot(folder.filePath(u"performance.svg"_s));
    const QByteArray svg = Document::plot(figures).toUtf8();
    if (!plot.open(QIODevice::WriteOnly) || plot.write(svg) != svg.size() || !plot.flush()) {
        say(u"%1: %2"_s.arg(plot.fileName(), plot.errorString()));
        return 1;
    }
    return 0;
}
