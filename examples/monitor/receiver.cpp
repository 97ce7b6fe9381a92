// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "receiver.h"

#include <Qanat/HttpRequest>
#include <Qanat/HttpResponse>

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>

using namespace std::chrono_literals;
using namespace Qanat;

namespace Monitor {

namespace {
constexpr std::chrono::milliseconds SlowAnswer = 400ms;
}

Receiver::Receiver(QObject *parent)
    : QObject(parent)
{
    m_server.setRecording(HttpReceiver::Recording::Count);
    m_server.setHandler([this](const HttpRequest &request) { return answer(request); });
}

void Receiver::setCondition(Condition condition)
{
    if (m_condition.exchange(condition) == condition)
        return;
    if (condition == Condition::Unreachable)
        m_server.stop();
    else
        m_server.start();
    Q_EMIT conditionChanged(condition);
}

// In the server's thread.
HttpResponse Receiver::answer(const HttpRequest &request)
{
    const Condition condition = m_condition;
    switch (condition) {
    case Condition::Refusing:
        return HttpResponse::status(400, "I do not like this event");
    case Condition::Failing:
        return HttpResponse::status(503, "not now");
    case Condition::Healthy:
    case Condition::Slow:
    case Condition::Unreachable:
        break;
    }
    if (request.path() == "/batches")
        m_batched += QJsonDocument::fromJson(request.body()).array().size();
    else
        ++m_singles;
    return condition == Condition::Slow ? HttpResponse().withDelay(SlowAnswer) : HttpResponse();
}

} // namespace Monitor
