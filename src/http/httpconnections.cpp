// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpconnections_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkproxy.h>

#include <chrono>
#include <future>
#include <system_error>
#include <thread>

namespace Qanat {

using namespace std::chrono_literals;

namespace {

void deleteElsewhere(QNetworkAccessManager *manager)
{
    manager->setParent(nullptr);
    manager->moveToThread(nullptr);
    try {
        std::promise<void> promise;
        const std::future<void> deleted = promise.get_future();
        std::thread([manager, promise = std::move(promise)]() mutable {
            delete manager;
            promise.set_value();
        }).detach();
        // As a rule it takes a moment only, and then nothing is under way any more when the process ends.
        const bool isMainThread =
            QCoreApplication::instance() && QCoreApplication::instance()->thread() == QThread::currentThread();
        deleted.wait_for(isMainThread ? 5ms : 200ms);
    } catch (const std::system_error &) {
        delete manager; // There are no more threads to be had.
    }
}

// Asks the system for each request. Qt's own setting for that holds for the whole application.
class SystemProxies final : public QNetworkProxyFactory
{
public:
    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery &query) override { return systemProxyForQuery(query); }
};

} // namespace

HttpConnections::HttpConnections(QObject *parent, const QNetworkProxy &proxy)
    : m_manager(new QNetworkAccessManager(parent))
{
    // Without it the environment's http_proxy gets to see every header.
    if (proxy.type() == QNetworkProxy::DefaultProxy)
        m_manager->setProxyFactory(new SystemProxies);
    else
        m_manager->setProxy(proxy);
}

HttpConnections::~HttpConnections()
{
    if (m_isGivenUp)
        deleteElsewhere(m_manager);
    else
        delete m_manager;
}

} // namespace Qanat
