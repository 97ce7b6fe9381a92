// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/prometheustext.h"

#include <QtCore/qhash.h>
#include <QtCore/qset.h>

#include <array>
#include <chrono>
#include <vector>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// One of several series in a family: its label and its value.
struct Part
{
    QByteArray label;
    qint64 value;
};

// What is left of a text that somebody else chose: it breaks no line, and nothing in it commands a terminal.
QByteArray cleaned(QString text)
{
    for (QChar &c : text) {
        const QChar::Category category = c.category();
        const bool isBreak = category == QChar::Separator_Line || category == QChar::Separator_Paragraph;
        if ((category == QChar::Other_Control && c != u'\n') || isBreak)
            c = QChar::ReplacementCharacter;
    }
    return text.toUtf8();
}

QByteArray label(const char *name, QByteArray value)
{
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    return QByteArray(name) + "=\"" + value + '"';
}

// Exact, and the same in every locale: a double would be neither.
QByteArray seconds(std::chrono::nanoseconds time)
{
    constexpr qint64 second = 1000000000;
    const QByteArray whole = QByteArray::number(time.count() / second);
    QByteArray fraction = QByteArray::number(time.count() % second).rightJustified(9, '0');
    while (fraction.endsWith('0'))
        fraction.chop(1);
    return fraction.isEmpty() ? whole : whole + '.' + fraction;
}

// The sinks of a tree one after the other, each with the labels of its samples.
class Places
{
public:
    struct Place
    {
        const PipelineNode *node;
        QByteArray labels;
    };

    explicit Places(const QList<PipelineNode> &roots) { add(roots, QByteArray()); }

    auto begin() const { return m_places.begin(); }
    auto end() const { return m_places.end(); }

private:
    void add(const QList<PipelineNode> &nodes, const QByteArray &parent)
    {
        for (const PipelineNode &node : nodes) {
            const QByteArray kind = cleaned(node.kind.isEmpty() ? u"Sink"_s : node.kind);
            const QByteArray name = node.name.isEmpty() ? kind : cleaned(node.name);
            const QByteArray path = unused(parent + name);
            m_places.push_back({&node, label("sink", name) + ',' + label("kind", kind) + ',' + label("path", path)});
            add(node.targets, path + '/');
        }
    }

    // Names hold slashes and numbers, too, so it's looked up whether the path was given to another.
    QByteArray unused(const QByteArray &path)
    {
        int &number = m_numbers[path];
        QByteArray candidate;
        do {
            ++number;
            candidate = number == 1 ? path : path + '#' + QByteArray::number(number);
        } while (m_paths.contains(candidate));
        m_paths.insert(candidate);
        return candidate;
    }

    std::vector<Place> m_places;
    QSet<QByteArray> m_paths;
    QHash<QByteArray, int> m_numbers; // How many were tried for a path.
};

// Writes one family after the other: its head, and the samples of all sinks.
class Exposition
{
public:
    explicit Exposition(const QList<PipelineNode> &roots)
        : m_places(roots)
    {
    }

    void addCounter(const char *name, qint64 Statistics::*counter, const char *help)
    {
        addSimple(name, "counter", counter, help);
    }

    void addGauge(const char *name, qint64 Statistics::*counter, const char *help)
    {
        addSimple(name, "gauge", counter, help);
    }

    // A family with several series for each sink.
    template<typename Function>
    void addParts(const char *name, const char *type, const char *label, Function partsOf, const char *help)
    {
        beginFamily(name, type, help);
        for (const Places::Place &place : m_places) {
            for (const Part &part : partsOf(*place.node))
                addSample("", place, QByteArray(",") + Qanat::label(label, part.label), QByteArray::number(part.value));
        }
    }

    void addLatencies(const char *name, const char *help)
    {
        // Every second octave: a fixed choice, as buckets are to be added up over sinks and over time.
        constexpr int step = 4;
        beginFamily(name, "histogram", help);
        for (const Places::Place &place : m_places) {
            const LatencyHistogram &latency = place.node->statistics.latency;
            qint64 count = 0;
            for (int bucket = 0; bucket < LatencyHistogram::BucketCount - 1; ++bucket) {
                count += latency.countAt(bucket);
                if (bucket % step == 0)
                    addBucket(place, seconds(LatencyHistogram::upperBound(bucket)), count);
            }
            addBucket(place, "+Inf", latency.count());
            addSample("_sum", place, "", seconds(latency.sum()));
            addSample("_count", place, "", QByteArray::number(latency.count()));
        }
    }

    QByteArray text() const { return m_text; }

private:
    void addSimple(const char *name, const char *type, qint64 Statistics::*counter, const char *help)
    {
        beginFamily(name, type, help);
        for (const Places::Place &place : m_places)
            addSample("", place, "", QByteArray::number(place.node->statistics.*counter));
    }

    void beginFamily(const char *name, const char *type, const char *help)
    {
        m_family = name;
        m_text += "# HELP " + m_family + ' ' + help + "\n# TYPE " + m_family + ' ' + type + '\n';
    }

    void addBucket(const Places::Place &place, const QByteArray &bound, qint64 count)
    {
        addSample("_bucket", place, QByteArray(",") + label("le", bound), QByteArray::number(count));
    }

    void addSample(const char *suffix, const Places::Place &place, const QByteArray &moreLabels,
                   const QByteArray &value)
    {
        m_text += m_family + suffix + '{' + place.labels + moreLabels + "} " + value + '\n';
    }

    const Places m_places;
    QByteArray m_family;
    QByteArray m_text;
};

std::array<Part, 3> outcomesOf(const PipelineNode &node)
{
    return {{{"delivered", node.statistics.delivered},
             {"filtered", node.statistics.filtered},
             {"dropped", node.statistics.dropped}}};
}

std::vector<Part> answersOf(const PipelineNode &node)
{
    std::vector<Part> parts;
    const QMap<int, qint64> &answers = node.statistics.answers;
    for (auto answer = answers.begin(); answer != answers.end(); ++answer)
        parts.push_back({QByteArray::number(answer.key()), *answer});
    return parts;
}

std::array<Part, 3> statesOf(const PipelineNode &node)
{
    using State = PipelineNode::State;
    return {{{"open", node.state == State::Open},
             {"closing", node.state == State::Closing},
             {"closed", node.state == State::Closed}}};
}

} // namespace

QByteArray prometheusText(const PipelineNode &root)
{
    return prometheusText(QList<PipelineNode>{root});
}

QByteArray prometheusText(const QList<PipelineNode> &roots)
{
    if (roots.isEmpty())
        return {};
    Exposition text(roots);
    text.addCounter("qanat_events_offered_total", &Statistics::offered, "Events that somebody tried to write.");
    text.addCounter("qanat_events_written_total", &Statistics::written, "Events that were accepted.");
    text.addCounter("qanat_events_rejected_total", &Statistics::rejected,
                    "Events that were not accepted: closed, full or invalid.");
    text.addParts("qanat_events_finished_total", "counter", "outcome", outcomesOf,
                  "Events that were accepted and have their outcome.");
    text.addGauge("qanat_events_pending", &Statistics::pending, "Events that were accepted and have no outcome yet.");
    text.addGauge("qanat_pending_bytes", &Statistics::pendingBytes,
                  "Estimated size of the pending events; 0 where no limit by bytes is set.");
    text.addGauge("qanat_events_in_flight", &Statistics::inFlight, "Pending events that are being delivered.");
    text.addGauge("qanat_events_stored", &Statistics::stored, "Pending events that are kept safe on disk.");
    text.addCounter("qanat_attempts_failed_total", &Statistics::failed,
                    "Attempts that failed, in passing or for good.");
    text.addCounter("qanat_attempts_retried_total", &Statistics::retried, "Attempts that were made after a failure.");
    text.addParts("qanat_answers_total", "counter", "status", answersOf,
                  "Requests that have ended, by the status that was answered; 0 without an answer.");
    text.addParts("qanat_sink_state", "gauge", "state", statesOf, "1 for the state that the sink is in.");
    text.addLatencies("qanat_delivery_duration_seconds",
                      "How long events took from their acceptance to their outcome.");
    return text.text();
}

} // namespace Qanat
