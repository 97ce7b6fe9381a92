// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/PrometheusText>
#include <Qanat/Queue>

#include <QtCore/qlocale.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qstandardpaths.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

using Labels = QMap<QByteArray, QByteArray>;

struct Sample
{
    QByteArray family;
    QByteArray name;
    Labels labels;
    QByteArray value;
};

// Reads the text as its rules are written, and knows nothing of how it was made.
class Exposition
{
public:
    explicit Exposition(const QByteArray &text)
    {
        if (!text.isEmpty() && !text.endsWith('\n'))
            fail("the last line has no end");
        for (const QByteArray &line : text.split('\n')) {
            if (line.startsWith("# "))
                readHead(line);
            else if (!line.isEmpty())
                readSample(line);
        }
    }

    QStringList errors() const { return m_errors; }
    QMap<QByteArray, QByteArray> types() const { return m_types; }
    QList<Sample> samples() const { return m_samples; }

    // Of the one sample that has these labels, among others; nothing if there is none, or more.
    QByteArray value(const QByteArray &name, const Labels &wanted) const
    {
        QByteArrayList values;
        for (const Sample &sample : m_samples) {
            const auto has = [&sample](const QByteArray &key, const QByteArray &value) {
                return sample.labels.value(key) == value;
            };
            bool isThat = sample.name == name;
            for (auto label = wanted.begin(); label != wanted.end(); ++label)
                isThat = isThat && has(label.key(), label.value());
            if (isThat)
                values.append(sample.value);
        }
        return values.size() == 1 ? values.first() : QByteArray();
    }

    QSet<QByteArray> values(const QByteArray &label) const
    {
        QSet<QByteArray> values;
        for (const Sample &sample : m_samples)
            values.insert(sample.labels.value(label));
        return values;
    }

private:
    void fail(const QByteArray &what) { m_errors.append(QString::fromUtf8(what)); }

    void readHead(const QByteArray &line)
    {
        static const QRegularExpression head(u"^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$"_s);
        const QRegularExpressionMatch match = head.match(QString::fromUtf8(line));
        if (!match.hasMatch())
            return fail("no head: " + line);
        const QByteArray name = match.captured(2).toUtf8();
        if (match.captured(1) == u"HELP") {
            if (m_helps.contains(name))
                fail("a second HELP: " + name);
            m_helps.insert(name);
            return;
        }
        if (m_types.contains(name))
            fail("a second TYPE: " + name);
        if (!m_helps.contains(name))
            fail("no HELP before the TYPE: " + name);
        m_types.insert(name, match.captured(3).toUtf8());
        m_family = name;
    }

    void readSample(const QByteArray &line)
    {
        Sample sample;
        sample.family = m_family;
        qsizetype at = line.indexOf('{');
        sample.name = line.left(at++);
        const QByteArray type = m_types.value(m_family);
        const bool isOfFamily = type == "histogram"
                                    ? sample.name == m_family + "_bucket" || sample.name == m_family + "_sum"
                                          || sample.name == m_family + "_count"
                                    : sample.name == m_family;
        if (!isOfFamily)
            fail("not together with its family: " + line);
        if (type == "counter" && !sample.name.endsWith("_total"))
            fail("a counter without _total: " + line);
        while (at < line.size() && line[at] != '}') {
            const qsizetype equals = line.indexOf("=\"", at);
            if (equals < 0)
                return fail("no label: " + line);
            const QByteArray name = line.mid(at, equals - at);
            at = equals + 2;
            QByteArray value;
            for (; at < line.size() && line[at] != '"'; ++at) {
                if (line[at] != '\\') {
                    value += line[at];
                    continue;
                }
                const char escaped = line.mid(++at, 1).append(' ')[0];
                if (escaped != '\\' && escaped != '"' && escaped != 'n')
                    fail("an unknown escape: " + line);
                value += escaped == 'n' ? '\n' : escaped;
            }
            ++at;
            if (sample.labels.contains(name))
                fail("a label twice: " + line);
            sample.labels.insert(name, value);
            if (line.mid(at, 1) == ",")
                ++at;
        }
        if (line.mid(at, 2) != "} ")
            return fail("no value: " + line);
        sample.value = line.mid(at + 2);
        bool isNumber = false;
        QLocale::c().toDouble(QString::fromLatin1(sample.value), &isNumber);
        if (!isNumber)
            fail("no number: " + line);
        const std::pair<QByteArray, Labels> series(sample.name, sample.labels);
        if (m_series.contains(series))
            fail("a series twice: " + line);
        m_series.append(series);
        m_samples.append(sample);
    }

    QStringList m_errors;
    QMap<QByteArray, QByteArray> m_types;
    QSet<QByteArray> m_helps;
    QByteArray m_family;
    QList<std::pair<QByteArray, Labels>> m_series;
    QList<Sample> m_samples;
};

class PrometheusTextTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void withoutRootsThereIsNothing();
    void eachFamilyOnceAndTogether();
    void valuesAreThoseOfTheStatistics();
    void theStateIsOneOfThree();
    void bucketsAreCumulative();
    void boundsAreExact();
    void aSumThatDoesNotFitStopsAtTheGreatest();
    void aSinkWithoutANameHasItsKind();
    void pathsAreUnique();
    void pathsOfSeveralRootsAreUnique();
    void hostileNames_data();
    void hostileNames();
    void noErrorTexts();
    void theLocaleDoesNotMatter();
    void aRunningPipeline();
    void promtoolHasNothingToSay();
};

namespace {

PipelineNode node(const QString &kind, const QString &name, const QList<PipelineNode> &targets = {})
{
    PipelineNode node;
    node.kind = kind;
    node.name = name;
    node.targets = targets;
    return node;
}

Statistics busyStatistics()
{
    Statistics statistics;
    statistics.offered = 1000000;
    statistics.rejected = 10;
    statistics.written = 999990;
    statistics.delivered = 999000;
    statistics.filtered = 600;
    statistics.dropped = 300;
    statistics.pending = 90;
    statistics.pendingBytes = 12345;
    statistics.inFlight = 7;
    statistics.failed = 44;
    statistics.retried = 33;
    statistics.lastError = permanentFailure();
    statistics.latency.record(1us, 3);
    statistics.latency.record(1001ns, 4);
    statistics.latency.record(20ms, 1000);
    statistics.latency.record(3h, 2);
    return statistics;
}

// As hostile as it gets, each on its own and as siblings.
QList<PipelineNode> hostileNodes()
{
    const QStringList names = {u"a\"b"_s,
                               u"a\\"_s,
                               u"a\nb"_s,
                               u"\\n"_s,
                               u"a\x01"_s,
                               u"a\x02"_s,
                               u"a\r"_s,
                               u"\x1b[31mred"_s,
                               u"\u2028"_s,
                               u"}"_s,
                               u"a=\"b\",c=\""_s,
                               u"x"_s,
                               u"x"_s,
                               u"x#2"_s,
                               u"x"_s,
                               u"b/c"_s,
                               u" "_s,
                               u"# HELP a b"_s,
                               u"\u0627\u0644"_s,
                               u"\u202e"_s,
                               QString(1, QChar(0xd800)),
                               QString(1, QChar(0xdc00)),
                               QString(1, QChar(0)),
                               QString()};
    QList<PipelineNode> nodes = {node(u"Queue"_s, u"b"_s, {node(u"Queue"_s, u"c"_s)})};
    for (const QString &name : names)
        nodes.append(node(u"Queue"_s, name, {node(name, name), node(name, name)}));
    return nodes;
}

} // namespace

void PrometheusTextTest::withoutRootsThereIsNothing()
{
    QVERIFY(prometheusText(QList<PipelineNode>()).isEmpty());
}

void PrometheusTextTest::eachFamilyOnceAndTogether()
{
    const QList<PipelineNode> roots = {
        node(u"Broadcaster"_s, u"a"_s, {node(u"Queue"_s, u"b"_s), node(u"Queue"_s, u"c"_s)}), node(u"Queue"_s, u"d"_s)};
    const Exposition text(prometheusText(roots));
    QCOMPARE(text.errors(), QStringList());
    const QMap<QByteArray, QByteArray> wanted = {
        {"qanat_events_offered_total", "counter"},
        {"qanat_events_written_total", "counter"},
        {"qanat_events_rejected_total", "counter"},
        {"qanat_events_finished_total", "counter"},
        {"qanat_events_pending", "gauge"},
        {"qanat_pending_bytes", "gauge"},
        {"qanat_events_in_flight", "gauge"},
        {"qanat_events_stored", "gauge"},
        {"qanat_attempts_failed_total", "counter"},
        {"qanat_attempts_retried_total", "counter"},
        {"qanat_answers_total", "counter"},
        {"qanat_sink_state", "gauge"},
        {"qanat_delivery_duration_seconds", "histogram"},
    };
    QCOMPARE(text.types(), wanted);
    QCOMPARE(text.values("path"), QSet<QByteArray>({"a", "a/b", "a/c", "d"}));
}

void PrometheusTextTest::valuesAreThoseOfTheStatistics()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.statistics = busyStatistics();
    root.statistics.answers = {{0, 2}, {503, 7}};
    const Exposition text(prometheusText(root));
    QCOMPARE(text.errors(), QStringList());
    const Labels labels = {{"sink", "audit"}, {"kind", "Queue"}, {"path", "audit"}};
    const auto finished = [&](const QByteArray &outcome) {
        Labels all = labels;
        all.insert("outcome", outcome);
        return text.value("qanat_events_finished_total", all);
    };
    QCOMPARE(text.value("qanat_events_offered_total", labels), "1000000");
    QCOMPARE(text.value("qanat_events_written_total", labels), "999990");
    QCOMPARE(text.value("qanat_events_rejected_total", labels), "10");
    QCOMPARE(finished("delivered"), "999000");
    QCOMPARE(finished("filtered"), "600");
    QCOMPARE(finished("dropped"), "300");
    QCOMPARE(text.value("qanat_events_pending", labels), "90");
    QCOMPARE(text.value("qanat_pending_bytes", labels), "12345");
    QCOMPARE(text.value("qanat_events_in_flight", labels), "7");
    QCOMPARE(text.value("qanat_attempts_failed_total", labels), "44");
    QCOMPARE(text.value("qanat_attempts_retried_total", labels), "33");
    QCOMPARE(text.value("qanat_answers_total", {{"path", "audit"}, {"status", "503"}}), "7");
    QCOMPARE(text.value("qanat_answers_total", {{"path", "audit"}, {"status", "0"}}), "2");
}

void PrometheusTextTest::theStateIsOneOfThree()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.state = PipelineNode::State::Closing;
    const Exposition text(prometheusText(root));
    QCOMPARE(text.value("qanat_sink_state", {{"state", "open"}}), "0");
    QCOMPARE(text.value("qanat_sink_state", {{"state", "closing"}}), "1");
    QCOMPARE(text.value("qanat_sink_state", {{"state", "closed"}}), "0");
}

void PrometheusTextTest::bucketsAreCumulative()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.statistics = busyStatistics();
    const Exposition text(prometheusText(root));
    double bound = 0;
    qint64 count = 0;
    int buckets = 0;
    for (const Sample &sample : text.samples()) {
        if (sample.name != "qanat_delivery_duration_seconds_bucket")
            continue;
        const double next =
            QLocale::c().toDouble(QString::fromLatin1(sample.labels.value("le")).replace(u"+Inf"_s, u"inf"_s));
        QVERIFY2(next > bound, sample.labels.value("le").constData());
        QVERIFY2(sample.value.toLongLong() >= count, sample.labels.value("le").constData());
        bound = next;
        count = sample.value.toLongLong();
        ++buckets;
    }
    QVERIFY(buckets > 10);
    QVERIFY(qIsInf(bound));
    QCOMPARE(count, root.statistics.latency.count());
    QCOMPARE(text.value("qanat_delivery_duration_seconds_count", {}).toLongLong(), root.statistics.latency.count());
    // 3 us, 4004 ns, 20 s and 6 h.
    QCOMPARE(text.value("qanat_delivery_duration_seconds_sum", {}), "21620.000007004");
}

void PrometheusTextTest::boundsAreExact()
{
    const auto countUpTo = [](std::chrono::nanoseconds latency, const QByteArray &bound) {
        PipelineNode root = node(u"Queue"_s, u"audit"_s);
        root.statistics.latency.record(latency, 1);
        return Exposition(prometheusText(root)).value("qanat_delivery_duration_seconds_bucket", {{"le", bound}});
    };
    QCOMPARE(countUpTo(1000ns, "0.000001"), "1"); // What is as long as the bound belongs to it.
    QCOMPARE(countUpTo(1001ns, "0.000001"), "0");
    QCOMPARE(countUpTo(1001ns, "0.000004"), "1");
    QCOMPARE(countUpTo(4000ns, "0.000004"), "1");
    QCOMPARE(countUpTo(4001ns, "0.000004"), "0");
    QCOMPARE(countUpTo(1048576us, "1.048576"), "1");
    QCOMPARE(countUpTo(1048576001ns, "1.048576"), "0");
    QCOMPARE(countUpTo(1h, "1073.741824"), "0");
    QCOMPARE(countUpTo(1h, "+Inf"), "1");
}

void PrometheusTextTest::aSumThatDoesNotFitStopsAtTheGreatest()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.statistics.latency.record(std::chrono::nanoseconds::max(), 2);
    QCOMPARE(Exposition(prometheusText(root)).value("qanat_delivery_duration_seconds_sum", {}), "9223372036.854775807");
}

void PrometheusTextTest::aSinkWithoutANameHasItsKind()
{
    const Exposition text(prometheusText(node(u"Broadcaster"_s, u""_s, {node(u"Queue"_s, u""_s), node(u""_s, u""_s)})));
    QCOMPARE(text.errors(), QStringList());
    QCOMPARE(text.values("sink"), QSet<QByteArray>({"Broadcaster", "Queue", "Sink"}));
    QCOMPARE(text.values("path"), QSet<QByteArray>({"Broadcaster", "Broadcaster/Queue", "Broadcaster/Sink"}));
}

void PrometheusTextTest::pathsAreUnique()
{
    // The same names, one that looks like a way, and one that looks like the second of that name.
    const Exposition text(prometheusText(node(
        u"Broadcaster"_s, u"r"_s,
        {node(u"Queue"_s, u"x"_s, {node(u"Queue"_s, u"y"_s)}), node(u"Queue"_s, u"x"_s, {node(u"Queue"_s, u"y"_s)}),
         node(u"Queue"_s, u"x#2"_s), node(u"Queue"_s, u"x"_s), node(u"Queue"_s, u"x/y"_s)})));
    QCOMPARE(text.errors(), QStringList());
    QCOMPARE(text.values("path"),
             QSet<QByteArray>({"r", "r/x", "r/x/y", "r/x#2", "r/x#2/y", "r/x#2#2", "r/x#3", "r/x/y#2"}));
}

void PrometheusTextTest::pathsOfSeveralRootsAreUnique()
{
    const PipelineNode root = node(u"Queue"_s, u"a"_s, {node(u"RetryingSink"_s, u""_s)});
    const Exposition text(prometheusText({root, root, root}));
    QCOMPARE(text.errors(), QStringList());
    QCOMPARE(text.values("path"),
             QSet<QByteArray>({"a", "a#2", "a#3", "a/RetryingSink", "a#2/RetryingSink", "a#3/RetryingSink"}));
}

void PrometheusTextTest::hostileNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("label");

    QTest::newRow("quote") << u"a\"b"_s << "a\"b"_ba;
    QTest::newRow("backslash") << u"a\\"_s << "a\\"_ba;
    QTest::newRow("newline") << u"a\nb"_s << "a\nb"_ba;
    QTest::newRow("what looks escaped") << u"\\n\\\""_s << "\\n\\\""_ba;
    QTest::newRow("labels") << u"\",sink=\"b"_s << "\",sink=\"b"_ba;
    QTest::newRow("end of labels") << u"a\"} 5"_s << "a\"} 5"_ba;
    QTest::newRow("zero") << QString(QChar(0)) << "\xef\xbf\xbd"_ba;
    QTest::newRow("carriage return") << u"a\rb"_s
                                     << "a\xef\xbf\xbd"
                                        "b"_ba;
    QTest::newRow("escape") << u"\x1b[2J"_s << "\xef\xbf\xbd[2J"_ba;
    QTest::newRow("line separator") << u"\u2028"_s << "\xef\xbf\xbd"_ba;
    QTest::newRow("next line") << u"\u0085"_s << "\xef\xbf\xbd"_ba;
    QTest::newRow("umlaut") << u"Prüfung"_s
                            << "Pr\xc3\xbc"
                               "fung"_ba;
    QTest::newRow("beyond the basic plane") << u"\U0001f600"_s << "\xf0\x9f\x98\x80"_ba;
}

void PrometheusTextTest::hostileNames()
{
    QFETCH(const QString, name);
    QFETCH(const QByteArray, label);
    const Exposition text(prometheusText(node(name, name)));
    QCOMPARE(text.errors(), QStringList());
    QCOMPARE(text.values("sink"), QSet<QByteArray>({label}));
    QCOMPARE(text.values("kind"), QSet<QByteArray>({label}));
    QCOMPARE(text.values("path"), QSet<QByteArray>({label}));
}

void PrometheusTextTest::noErrorTexts()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.statistics = busyStatistics();
    QVERIFY(!prometheusText(root).contains("refused"));
}

void PrometheusTextTest::theLocaleDoesNotMatter()
{
    PipelineNode root = node(u"Queue"_s, u"audit"_s);
    root.statistics = busyStatistics();
    const QByteArray text = prometheusText(root);
    const QLocale before;
    QLocale::setDefault(QLocale(QLocale::Arabic, QLocale::Egypt));
    const QByteArray other = prometheusText(root);
    QLocale::setDefault(before);
    QCOMPARE(other, text);
}

void PrometheusTextTest::aRunningPipeline()
{
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<Queue>(std::make_unique<RecordingSink>()));
    settleCommands(broadcaster);
    broadcaster.write(Batch(someEvents(3)));
    QANAT_WAIT(broadcaster.pipeline().targets[0].statistics.delivered == 3);
    QANAT_WAIT(broadcaster.statistics().delivered == 3);
    const Exposition text(prometheusText(broadcaster.pipeline()));
    QCOMPARE(text.errors(), QStringList());
    const QByteArray path = "Broadcaster/Queue";
    QCOMPARE(text.value("qanat_events_finished_total", {{"path", path}, {"outcome", "delivered"}}), "3");
    QCOMPARE(text.value("qanat_delivery_duration_seconds_count", {{"path", path}}), "3");
    QVERIFY(text.value("qanat_delivery_duration_seconds_sum", {{"path", path}}).toDouble() > 0);
}

void PrometheusTextTest::promtoolHasNothingToSay()
{
    const QString program = QStandardPaths::findExecutable(u"promtool"_s);
    if (program.isEmpty())
        QSKIP("promtool is not installed (Debian: prometheus)");
    PipelineNode busy = node(u"Queue"_s, u"busy"_s);
    busy.statistics = busyStatistics();
    QProcess promtool;
    promtool.setProcessChannelMode(QProcess::MergedChannels);
    promtool.start(program, {u"check"_s, u"metrics"_s});
    promtool.write(prometheusText(QList<PipelineNode>{busy} + hostileNodes()));
    promtool.closeWriteChannel();
    QVERIFY(promtool.waitForFinished());
    QCOMPARE(promtool.readAll(), ""_ba);
    QCOMPARE(promtool.exitCode(), 0);

    const Exposition text(prometheusText(hostileNodes()));
    QCOMPARE(text.errors(), QStringList());
}

QTEST_GUILESS_MAIN(PrometheusTextTest)
#include "tst_prometheustext.moc"
