// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "report.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qlocale.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

// The order of the members is for people to read, so the text is written by hand: QJsonObject sorts them.
class ObjectWriter
{
public:
    void add(const char *name, qint64 number) { addRaw(name, QByteArray::number(number)); }
    void add(const char *name, const QString &text)
    {
        const QByteArray array = QJsonDocument(QJsonArray{text}).toJson(QJsonDocument::Compact);
        addRaw(name, array.mid(1, array.size() - 2));
    }
    void addRaw(const char *name, const QByteArray &json)
    {
        m_json += m_json.isEmpty() ? "" : ",";
        m_json += QByteArrayLiteral("\"") + name + "\":" + json;
    }
    [[nodiscard]] QByteArray toJson() const { return '{' + m_json + '}'; }

private:
    QByteArray m_json;
};

void add(ObjectWriter &object, const Pipeline::SpoolState &spool)
{
    object.add("resumed", spool.resumed);
    object.add("stored", spool.stored);
    object.add("deadLettered", spool.deadLettered);
}

QByteArray endpointToJson(const Totals::Endpoint &totals, const Pipeline::EndpointState &state,
                          const std::optional<Pipeline::SpoolState> &spool)
{
    ObjectWriter object;
    object.add("name", state.name);
    object.add("to", state.origin);
    object.add("filtered", totals.filtered);
    object.add("delivered", totals.delivered);
    object.add("dropped", totals.dropped);
    object.add("pending", totals.pending);
    if (spool)
        add(object, *spool);
    object.add("failed", state.failed);
    object.add("retried", state.retried);
    object.add("state", healthText(state.health));
    ObjectWriter answers;
    for (auto answer = state.answers.cbegin(); answer != state.answers.cend(); ++answer)
        answers.add(answer.key() > 0 ? QByteArray::number(answer.key()).constData() : "none", answer.value());
    object.addRaw("answers", answers.toJson());
    if (state.lastError.isFailure())
        object.add("error", reasonOf(state.lastError));
    return object.toJson();
}

} // namespace

QByteArray Report::toJson() const
{
    QByteArrayList list;
    for (qsizetype i = 0; i < endpoints.size(); ++i)
        list.append(endpointToJson(totals.endpoints.at(i), endpoints.at(i),
                                   spool ? std::optional(spools.at(i)) : std::nullopt));

    ObjectWriter object;
    object.add("read", totals.read);
    object.add("rejected", totals.rejected);
    object.add("filtered", totals.filtered);
    object.add("delivered", totals.delivered);
    object.add("dropped", totals.dropped);
    object.add("pending", totals.pending);
    if (spool)
        add(object, *spool);
    object.addRaw("unread", input == InputState::Unread ? "true" : "false");
    if (deadLetters) {
        ObjectWriter letters;
        letters.add("written", deadLetters->written);
        letters.add("lost", deadLetters->lost);
        object.addRaw("deadLetters", letters.toJson());
    }
    object.addRaw("endpoints", '[' + list.join(',') + ']');
    return object.toJson();
}

QString Report::toProgress(qint64 rate) const
{
    QStringList parts = {
        u"%1 delivered"_s.arg(grouped(totals.delivered)),
        u"%1/s"_s.arg(grouped(rate)),
        u"%1 pending"_s.arg(grouped(totals.pending)),
    };
    if (spool)
        parts.append(u"%1 stored"_s.arg(grouped(spool->stored)));
    if (totals.dropped > 0)
        parts.append(u"%1 dropped"_s.arg(grouped(totals.dropped)));
    if (totals.rejected > 0)
        parts.append(u"%1 rejected"_s.arg(grouped(totals.rejected)));
    QStringList states;
    for (const Pipeline::EndpointState &endpoint : endpoints)
        states.append(healthText(endpoint.health));
    parts.append(states.join(u'/'));
    return parts.join(u"  "_s);
}

QString grouped(qint64 number)
{
    QLocale locale = QLocale::c();
    locale.setNumberOptions(QLocale::DefaultNumberOptions);
    return locale.toString(number);
}

QString healthText(Pipeline::EndpointState::Health health)
{
    using Health = Pipeline::EndpointState::Health;
    switch (health) {
    case Health::Flowing:
        return u"flowing"_s;
    case Health::Failing:
        return u"failing"_s;
    case Health::Blocked:
        return u"blocked"_s;
    case Health::Disabled:
        return u"disabled"_s;
    }
    return {};
}

} // namespace Relay
