// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPCONNECTIONS_P_H
#define QANAT_HTTP_HTTPCONNECTIONS_P_H

#include <QtCore/qglobal.h>

QT_BEGIN_NAMESPACE
class QNetworkAccessManager;
class QNetworkProxy;
class QObject;
QT_END_NAMESPACE

namespace Qanat {

/*!
 * The connections of a sink, and Qt's thread for them: shared by the requests under way on them.
 *
 * While headers come in faster than Qt 6.4 reads them, that thread does nothing else, and the manager's destructor waits 5 s
 * for it. Connections of which that is possible are given up, and end in the background.
 */
class HttpConnections
{
public:
    //! In the thread of \a parent, which owns what it is made of, and moves it along.
    HttpConnections(QObject *parent, const QNetworkProxy &proxy);
    ~HttpConnections();
    Q_DISABLE_COPY_MOVE(HttpConnections)

    [[nodiscard]] QNetworkAccessManager &manager() const { return *m_manager; }
    //! Qt's thread may not come back.
    void giveUp() { m_isGivenUp = true; }

private:
    QNetworkAccessManager *const m_manager;
    bool m_isGivenUp = false;
};

} // namespace Qanat

#endif
