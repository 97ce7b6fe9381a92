// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/httpreceiver.h"

#include "httpreceivershared_p.h"
#include "httpserver_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qthread.h>

namespace Qanat {

using namespace Qt::StringLiterals;

class HttpReceiverPrivate : public QThread
{
public:
    explicit HttpReceiverPrivate(quint16 port);
    ~HttpReceiverPrivate() override;

    const std::shared_ptr<HttpReceiverShared> shared = std::make_shared<HttpReceiverShared>();

protected:
    void run() override;

private:
    const quint16 m_port;
};

HttpReceiverPrivate::HttpReceiverPrivate(quint16 port)
    : m_port(port)
{
    setObjectName(u"HttpReceiver"_s);
    if (QCoreApplication::instance()) {
        start();
        shared->waitUntilBegun();
    } else {
        qWarning("Qanat::HttpReceiver needs a QCoreApplication");
        shared->fail(u"There is no QCoreApplication."_s);
    }
}

HttpReceiverPrivate::~HttpReceiverPrivate()
{
    quit();
    if (!wait(QDeadlineTimer(std::chrono::seconds(5)))) {
        qWarning("Qanat::HttpReceiver: waiting for its handler, which does not return");
        wait();
    }
}

void HttpReceiverPrivate::run()
{
    const HttpServer server(m_port, shared);
    exec();
    shared->ended();
}

HttpReceiver::HttpReceiver(QObject *parent)
    : HttpReceiver(0, parent)
{
}

HttpReceiver::HttpReceiver(quint16 port, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<HttpReceiverPrivate>(port))
{
}

HttpReceiver::~HttpReceiver() = default;

quint16 HttpReceiver::port() const
{
    return d->shared->state().port;
}

QUrl HttpReceiver::url(const QString &path) const
{
    return QUrl(u"%1://127.0.0.1:%2%3"_s.arg(d->shared->tls() ? u"https"_s : u"http"_s, QString::number(port()), path));
}

bool HttpReceiver::isListening() const
{
    return d->shared->state().isListening;
}

QString HttpReceiver::errorText() const
{
    return d->shared->state().errorText;
}

void HttpReceiver::stop()
{
    d->shared->order(HttpReceiverShared::Wish::Stop);
}

bool HttpReceiver::start()
{
    d->shared->order(HttpReceiverShared::Wish::Listen);
    return d->shared->state().isListening;
}

void HttpReceiver::closeConnections()
{
    d->shared->orderCloseConnections();
}

void HttpReceiver::setHandler(Handler handler)
{
    d->shared->setHandler(std::move(handler));
}

void HttpReceiver::setResponse(const HttpResponse &response)
{
    setHandler([response](const HttpRequest &) { return response; });
}

void HttpReceiver::setRecording(Recording recording)
{
    d->shared->setRecording(recording);
}

HttpReceiver::Recording HttpReceiver::recording() const
{
    return d->shared->recording();
}

void HttpReceiver::setMaximumBodySize(qsizetype bytes)
{
    d->shared->setMaximumBodySize(bytes);
}

qsizetype HttpReceiver::maximumBodySize() const
{
    return d->shared->maximumBodySize();
}

void HttpReceiver::setTls(const QSslConfiguration &configuration)
{
    d->shared->setTls(configuration);
}

QList<HttpRequest> HttpReceiver::requests() const
{
    return d->shared->requests();
}

QList<HttpRequest> HttpReceiver::takeRequests()
{
    return d->shared->takeRequests();
}

quint64 HttpReceiver::requestCount() const
{
    return d->shared->requestCount();
}

quint64 HttpReceiver::malformedCount() const
{
    return d->shared->malformedCount();
}

quint64 HttpReceiver::connectionCount() const
{
    return d->shared->connectionCount();
}

void HttpReceiver::clear()
{
    d->shared->clear();
}

bool HttpReceiver::waitForRequests(quint64 count, std::chrono::milliseconds timeout) const
{
    return d->shared->waitForRequests(count, timeout);
}

} // namespace Qanat
