// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPCONNECTION_P_H
#define QANAT_TESTING_HTTPCONNECTION_P_H

#include "httpanswer_p.h"
#include "httprequestparser_p.h"

#include <QtCore/qobject.h>
#include <QtCore/qtimer.h>
#include <QtNetwork/qtcpsocket.h>

#include <memory>

namespace Qanat {

class HttpReceiverShared;

//! One accepted connection: reads requests, has them answered, and sends the answers. Deletes itself when it is over.
class HttpConnection : public QObject
{
    Q_OBJECT
public:
    HttpConnection(qintptr descriptor, std::shared_ptr<HttpReceiverShared> shared, QObject *parent);
    ~HttpConnection() override;

private:
    enum class Phase : quint8 {
        Reading, // a request, or waiting for one
        Delaying, // an answer
        Sending, // an answer
        Finishing, // what was written must be out before the connection ends
        Hanging, // for ever
        Lingering, // closed for writing; reads what comes until the client closes too
        Over,
    };

    void onReadyRead();
    void onBytesWritten();
    void onTimeout();
    void onDisconnected();

    //! Reads and answers as many requests as there are.
    void work();
    void respond();
    void refuse();
    //! Sends as much as may be sent now.
    void send();
    void answered();
    //! Ends the connection in the way of the answer if everything is out.
    void finish();
    void startTimer(std::chrono::milliseconds delay);
    [[nodiscard]] bool hasRoom() const;

    const std::shared_ptr<HttpReceiverShared> m_shared;
    const quint64 m_number;
    const std::unique_ptr<QTcpSocket> m_socket;
    QTimer m_timer;
    HttpRequestParser m_parser;
    HttpAnswer m_answer;
    Phase m_phase = Phase::Reading;
};

} // namespace Qanat

#endif
