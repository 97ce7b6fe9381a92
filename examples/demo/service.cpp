// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "service.h"

#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>

using namespace Qt::StringLiterals;
using Qanat::HttpRequest;
using Qanat::HttpResponse;
using std::chrono::steady_clock;

namespace Demo {

namespace {
// Of the requests to a shaky service, after its bad time.
constexpr qint64 EachIsReset = 300;
constexpr qint64 EachLosesItsAnswer = 1000;
} // namespace

Service::Service(Kind kind)
    : m_kind(kind)
{
}

HttpResponse Service::answer(const HttpRequest &request)
{
    const std::lock_guard lock(m_mutex);
    if (!m_firstRequest)
        m_firstRequest = steady_clock::now();
    ++m_requests;
    if (isFailing())
        return failure();
    if (m_kind == Kind::Shaky && m_requests % EachIsReset == 0) {
        ++m_state.failed;
        return HttpResponse::reset();
    }
    take(request);
    if (m_kind == Kind::Shaky && m_requests % EachLosesItsAnswer == 1) {
        ++m_state.failed;
        return HttpResponse::reset();
    }
    return HttpResponse();
}

Service::State Service::state() const
{
    const std::lock_guard lock(m_mutex);
    State state = m_state;
    state.isFailing = isFailing();
    return state;
}

bool Service::isFailing() const
{
    return m_kind == Kind::Shaky && m_firstRequest && steady_clock::now() - *m_firstRequest < FailingTime;
}

HttpResponse Service::failure()
{
    switch (m_state.failed++ % 3) {
    case 0:
        return HttpResponse::status(503, "not now");
    case 1:
        return HttpResponse::reset();
    default:
        return HttpResponse::cut(10);
    }
}

void Service::take(const HttpRequest &request)
{
    const QString id = QJsonDocument::fromJson(request.body()).object().value("id"_L1).toString();
    if (m_known.contains(id)) {
        ++m_state.repeated;
        return;
    }
    m_known.insert(id);
    m_state.arrived.append(id);
}

} // namespace Demo
