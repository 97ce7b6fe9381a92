// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAYPROCESS_H
#define RELAYPROCESS_H

#include <QtCore/qfile.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qprocess.h>
#include <QtCore/qstringlist.h>
#include <QtTest/qtestcase.h>

#include <algorithm>
#include <csignal>

/*!
 * qanat-relay as a user runs it. What it prints on standard error can be read while it runs and afterwards.
 */
class RelayProcess : public QProcess
{
    Q_OBJECT
public:
    static constexpr int Patience = 120'000; // ms; only a test that fails waits so long.

    ~RelayProcess() override
    {
        if (state() != NotRunning) {
            kill();
            waitForFinished();
        }
        if (QTest::currentTestFailed())
            qInfo("qanat-relay ended with %d and printed: %s", exitCode(), errorOutput().right(10'000).constData());
    }

    //! Runs it to its end. \a input is the content of standard input.
    [[nodiscard]] bool run(const QStringList &arguments, const QByteArray &input = {})
    {
        if (!begin(arguments))
            return false;
        write(input);
        closeWriteChannel();
        return waitForEnd();
    }

    //! Starts it with a standard input that stays open.
    [[nodiscard]] bool begin(const QStringList &arguments)
    {
        setReadChannel(StandardError);
        start(QStringLiteral(QANAT_RELAY_PROGRAM), arguments);
        return waitForStarted(Patience);
    }

    [[nodiscard]] bool waitForEnd() { return waitForFinished(Patience) && exitStatus() == NormalExit; }

    void send(int signal) { ::kill(static_cast<pid_t>(processId()), signal); }

    //! Ends it while something is pending: by \a signal, and when that was heard by another one.
    [[nodiscard]] bool endAtOnce(int signal)
    {
        send(signal);
        while (!errorOutput().contains("a second signal ends that")) {
            if (!waitForReadyRead(Patience))
                return false;
        }
        send(signal);
        return waitForEnd();
    }

    [[nodiscard]] QByteArray errorOutput()
    {
        m_error += readAllStandardError();
        return m_error;
    }

    //! The lines on standard error, without an unfinished one.
    [[nodiscard]] QByteArrayList lines()
    {
        QByteArrayList lines = errorOutput().split('\n');
        lines.removeLast();
        return lines;
    }

    //! Those of them that are totals.
    [[nodiscard]] QList<QJsonObject> allTotals()
    {
        QList<QJsonObject> all;
        const QByteArrayList printed = lines();
        for (const QByteArray &line : printed) {
            if (line.startsWith('{'))
                all.append(QJsonDocument::fromJson(line).object());
        }
        return all;
    }

    //! The last line; an empty object if that is no JSON, or its numbers don't add up.
    [[nodiscard]] QJsonObject totals()
    {
        const QByteArrayList printed = lines();
        const QJsonObject last = printed.isEmpty() ? QJsonObject() : QJsonDocument::fromJson(printed.last()).object();
        return isBalanced(last) ? last : QJsonObject();
    }

    [[nodiscard]] qint64 total(const char *name) { return totals().value(QLatin1StringView(name)).toInteger(-1); }
    [[nodiscard]] QJsonObject endpoint(int index)
    {
        return totals().value(QLatin1StringView("endpoints")).toArray().at(index).toObject();
    }

    //! The most memory that it ever had, in bytes. Only while it runs.
    [[nodiscard]] qint64 peakMemory() const
    {
        QFile file(QStringLiteral("/proc/%1/status").arg(processId()));
        if (!file.open(QIODevice::ReadOnly))
            return -1;
        const QByteArrayList entries = file.readAll().split('\n');
        for (const QByteArray &entry : entries) {
            if (entry.startsWith("VmHWM:"))
                return entry.mid(6).trimmed().split(' ').first().toLongLong() * 1024;
        }
        return -1;
    }

private:
    [[nodiscard]] static bool isBalanced(const QJsonObject &totals)
    {
        const auto number = [](const QJsonObject &object, const char *name) {
            return object.value(QLatin1StringView(name)).toInteger(-1);
        };
        const QJsonArray endpoints = totals.value(QLatin1StringView("endpoints")).toArray();
        // With a spool an event counts once for each endpoint, and what was found there counts, too.
        const bool hasSpool = totals.contains(QLatin1StringView("resumed"));
        const qint64 lines = number(totals, "read") - number(totals, "rejected");
        const auto holds = [&](const QJsonObject &object) {
            const bool isWhole = object.contains(QLatin1StringView("endpoints"));
            const qint64 events =
                !hasSpool ? lines : lines * (isWhole ? endpoints.size() : 1) + number(object, "resumed");
            const qint64 delivered = number(object, "delivered");
            const qint64 dropped = number(object, "dropped");
            const qint64 pending = number(object, "pending");
            const qint64 filtered = number(object, "filtered");
            return filtered >= 0 && delivered >= 0 && dropped >= 0 && pending >= 0
                   && events == filtered + delivered + dropped + pending;
        };
        return holds(totals) && std::all_of(endpoints.cbegin(), endpoints.cend(), [&](const auto &value) {
                   return holds(value.toObject());
               });
    }

    QByteArray m_error;
};

#endif
