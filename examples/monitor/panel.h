// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_PANEL_H
#define MONITOR_PANEL_H

#include "receiver.h"

#include <Qanat/Subscription>

#include <QtWidgets/qwidget.h>

class QLabel;
class QLineEdit;
class QSlider;

namespace Qanat {
class Broadcaster;
class Event;
} // namespace Qanat

namespace Monitor {

class Follower;
class RateSource;

/*!
 * Makes events by hand and at a rate, breaks the receiver, and shows what a listener in the GUI thread hears.
 */
class Panel : public QWidget
{
    Q_OBJECT
public:
    //! All live longer; \a receiver and \a follower may be null.
    Panel(Qanat::Broadcaster *events, RateSource *rate, Receiver *receiver, Follower *follower,
          QWidget *parent = nullptr);

    //! The events per second that the slider stands for at \a position, 0 to its maximum().
    [[nodiscard]] static int rateAt(int position);
    //! Where the slider stands for a rate, or just below.
    [[nodiscard]] static int positionOf(int rate);

public Q_SLOTS:
    void setRate(int rate);

private:
    [[nodiscard]] QWidget *makeMaker();
    [[nodiscard]] QWidget *makeRate();
    [[nodiscard]] QWidget *makeReceiver();
    [[nodiscard]] QWidget *makeListener();
    void sendText();
    void showReceived();
    void hear(const Qanat::Event &event);

    Qanat::Broadcaster *const m_events;
    RateSource *const m_rate;
    Receiver *const m_receiver;
    Follower *const m_follower;
    QLineEdit *m_text = nullptr;
    QSlider *m_slider = nullptr;
    QLabel *m_rateLabel = nullptr;
    QLabel *m_received = nullptr;
    QLabel *m_heard = nullptr;
    qint64 m_heardCount = 0;
    QString m_heardLast;
    Qanat::Subscription m_subscription;
};

} // namespace Monitor

#endif
