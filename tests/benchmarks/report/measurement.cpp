// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "measurement.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qprocess.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace {

// Google Benchmark adds to a name how it was run.
QString rowOf(QString name)
{
    static const QRegularExpression manner(u"/(iterations:\\d+|manual_time|real_time)"_s);
    return name.remove(manner);
}

// Those of Google Benchmark itself.
bool isCounter(const QString &key)
{
    static const QStringList own{u"family_index"_s, u"per_family_instance_index"_s,
                                 u"repetitions"_s,  u"repetition_index"_s,
                                 u"threads"_s,      u"iterations"_s,
                                 u"real_time"_s,    u"cpu_time"_s};
    return !own.contains(key);
}

} // namespace

Measurement::Measurement(QString qanatBench, QString goEvents)
    : m_qanatBench(std::move(qanatBench))
    , m_goEvents(std::move(goEvents))
{
}

QStringList Measurement::rows()
{
    if (m_rows.isEmpty()) {
        const std::optional<QByteArray> names = outputOf(m_qanatBench, {u"--benchmark_list_tests"_s});
        const QList<QByteArray> lines = names.value_or(QByteArray()).split('\n');
        for (const QByteArray &line : lines) {
            if (!line.isEmpty())
                m_rows.append(rowOf(QString::fromUtf8(line)));
        }
    }
    return m_rows;
}

bool Measurement::run(const QString &row, int round, int scale, Figures &figures)
{
    m_scale = scale;
    QStringList sides;
    for (const QString &name : std::as_const(m_rows)) {
        if (name == row || (name.startsWith(u"peer/") && name.section(u'/', 2) == row))
            sides.append(name);
    }
    if (hasGo(row))
        sides.append(QString());
    std::rotate(sides.begin(), sides.begin() + round % sides.size(), sides.end());
    return std::all_of(sides.begin(), sides.end(), [&](const QString &side) {
        return side.isEmpty() ? runGo(row, figures) : runOurs(side, figures);
    });
}

bool Measurement::runOurs(const QString &name, Figures &figures)
{
    // Nothing in the name of a row has a meaning in an expression.
    const QString filter = u"^%1(/iterations|/manual_time|$)"_s.arg(name);
    const std::optional<QByteArray> output =
        outputOf(m_qanatBench, {u"--benchmark_format=json"_s, u"--benchmark_filter="_s + filter});
    if (!output)
        return false;
    const QJsonArray results = QJsonDocument::fromJson(*output)[u"benchmarks"].toArray();
    for (const QJsonValue &result : results) {
        const QJsonObject object = result.toObject();
        const QString row = rowOf(object[u"name"].toString());
        if (object[u"error_occurred"].toBool()) {
            figures.addError(row, object[u"error_message"].toString());
            continue;
        }
        for (auto counter = object.begin(); counter != object.end(); ++counter) {
            if (counter->isDouble() && isCounter(counter.key()))
                figures.add(row, counter.key(), counter->toDouble());
        }
    }
    return true;
}

bool Measurement::hasGo(const QString &row) const
{
    static const QStringList known{u"queue/"_s, u"broadcast/"_s, u"look/"_s,
                                   u"paced/"_s, u"chain"_s,      u"http/batched/"_s};
    return !m_goEvents.isEmpty()
           && std::any_of(known.begin(), known.end(), [&row](const QString &one) { return row.startsWith(one); });
}

bool Measurement::runGo(const QString &row, Figures &figures)
{
    const std::optional<QByteArray> output = outputOf(m_goEvents, {u"-scale"_s, QString::number(m_scale), row});
    if (!output)
        return false;
    const QList<QByteArray> lines = output->split('\n');
    for (const QByteArray &line : lines) {
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        if (object.contains(u"ns"))
            figures.add(u"peer/go-events/"_s + object[u"name"].toString(), u"ns"_s, object[u"ns"].toDouble());
    }
    return true;
}

std::optional<QByteArray> Measurement::outputOf(const QString &program, const QStringList &arguments)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"QANAT_BENCH_SCALE"_s, QString::number(m_scale));
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(program, arguments, QIODevice::ReadOnly);
    const bool isOver = process.waitForFinished(-1);
    if (isOver && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0)
        return process.readAllStandardOutput();
    m_errorText = u"%1 %2: %3"_s.arg(program, arguments.join(u' '),
                                     !isOver || process.error() == QProcess::FailedToStart
                                         ? process.errorString()
                                         : u"ended with status %1"_s.arg(process.exitCode()));
    return std::nullopt;
}
