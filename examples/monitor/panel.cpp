// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "panel.h"

#include "follower.h"
#include "ratesource.h"

#include <Qanat/Broadcaster>
#include <Qanat/SignalSource>

#include <QtCore/qlocale.h>
#include <QtCore/qtimer.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qbuttongroup.h>
#include <QtWidgets/qgroupbox.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qradiobutton.h>
#include <QtWidgets/qslider.h>

#include <array>
#include <cmath>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace Monitor {

namespace {

// Ten steps for each power of ten, by the preferred numbers: at 1 one event per second, at 51 all of them.
constexpr std::array<double, 10> Steps{1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8};
constexpr int StepsPerDecade = int(Steps.size());
constexpr int LastPosition = 51;

QString grouped(qint64 number)
{
    return QLocale().toString(number);
}

} // namespace

int Panel::rateAt(int position)
{
    if (position <= 0)
        return 0;
    const int decade = (position - 1) / StepsPerDecade;
    return int(std::lround(Steps[size_t((position - 1) % StepsPerDecade)] * std::pow(10.0, decade)));
}

int Panel::positionOf(int rate)
{
    int position = 0;
    while (position < LastPosition && rateAt(position + 1) <= rate)
        ++position;
    return position;
}

Panel::Panel(Broadcaster *events, RateSource *rate, Receiver *receiver, Follower *follower, QWidget *parent)
    : QWidget(parent)
    , m_events(events)
    , m_rate(rate)
    , m_receiver(receiver)
    , m_follower(follower)
{
    auto *const layout = new QVBoxLayout(this);
    layout->addWidget(makeMaker());
    layout->addWidget(makeRate());
    if (m_receiver)
        layout->addWidget(makeReceiver());
    layout->addWidget(makeListener());
    layout->addStretch();
    auto *const timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &Panel::showReceived);
    timer->start(250ms);
    showReceived();
    m_subscription = m_events->listen(this, [this](const Event &event) { hear(event); });
}

QWidget *Panel::makeMaker()
{
    auto *const box = new QGroupBox(tr("Make an event"), this);
    auto *const layout = new QVBoxLayout(box);
    // One line for each: a signal becomes an event.
    const auto add = [&](const QString &name, const QString &text, const QString &type) {
        auto *const button = new QPushButton(text, box);
        button->setObjectName(name);
        button->setToolTip(tr("Makes an event %1").arg(type));
        layout->addWidget(button);
        connectSignal(button, &QPushButton::clicked, m_events, type);
    };
    add(u"placeOrder"_s, tr("&Place Order"), u"order.placed"_s);
    add(u"cancelOrder"_s, tr("Can&cel Order"), u"order.cancelled"_s);
    add(u"signIn"_s, tr("S&ign In"), u"session.opened"_s);
    m_text = new QLineEdit(box);
    m_text->setObjectName(u"text"_s);
    m_text->setPlaceholderText(tr("Any text"));
    m_text->setAccessibleName(tr("Text of the event"));
    auto *const send = new QPushButton(tr("Sen&d"), box);
    send->setObjectName(u"send"_s);
    send->setToolTip(tr("Makes an event note.written with the text as its data"));
    auto *const line = new QHBoxLayout;
    line->addWidget(m_text);
    line->addWidget(send);
    layout->addLayout(line);
    connect(m_text, &QLineEdit::returnPressed, this, &Panel::sendText);
    connect(send, &QPushButton::clicked, this, &Panel::sendText);
    return box;
}

QWidget *Panel::makeRate()
{
    auto *const box = new QGroupBox(tr("Events per second"), this);
    auto *const layout = new QVBoxLayout(box);
    m_rateLabel = new QLabel(box);
    m_rateLabel->setObjectName(u"rateLabel"_s);
    m_slider = new QSlider(Qt::Horizontal, box);
    m_slider->setObjectName(u"rate"_s);
    m_slider->setRange(0, LastPosition);
    m_slider->setPageStep(StepsPerDecade);
    m_slider->setTickPosition(QSlider::TicksBelow);
    m_slider->setTickInterval(StepsPerDecade);
    m_slider->setAccessibleName(box->title());
    auto *const line = new QHBoxLayout;
    for (const int rate : {0, 10, 1000, 100'000}) {
        auto *const button = new QPushButton(rate == 0 ? tr("St&op") : grouped(rate), box);
        button->setObjectName(u"rate%1"_s.arg(rate));
        button->setAccessibleName(tr("%1 events per second").arg(grouped(rate)));
        button->setMinimumWidth(button->fontMetrics().horizontalAdvance(grouped(100'000)) + 12);
        connect(button, &QPushButton::clicked, this, [this, rate] { setRate(rate); });
        line->addWidget(button);
    }
    layout->addWidget(m_rateLabel);
    layout->addWidget(m_slider);
    layout->addLayout(line);
    connect(m_slider, &QSlider::valueChanged, this, [this](int position) {
        m_rate->setRate(rateAt(position));
        m_rateLabel->setText(tr("%1/s").arg(grouped(rateAt(position))));
    });
    m_rateLabel->setText(tr("%1/s").arg(grouped(0)));
    connectSignal(m_slider, &QSlider::valueChanged, m_events, u"ui.rate.changed"_s, {{}, {}, 300ms, {}});
    return box;
}

QWidget *Panel::makeReceiver()
{
    auto *const box = new QGroupBox(tr("Web service"), this);
    auto *const layout = new QVBoxLayout(box);
    using Condition = Receiver::Condition;
    const auto add = [&](Condition condition, const QString &name, const QString &text) {
        auto *const button = new QRadioButton(text, box);
        button->setObjectName(name);
        button->setChecked(m_receiver->condition() == condition);
        layout->addWidget(button);
        connect(button, &QRadioButton::toggled, this, [this, condition](bool isOn) {
            if (isOn)
                m_receiver->setCondition(condition);
        });
        connect(m_receiver, &Receiver::conditionChanged, button,
                [button, condition](Condition now) { button->setChecked(now == condition); });
    };
    add(Condition::Healthy, u"healthy"_s, tr("&Healthy"));
    add(Condition::Slow, u"slow"_s, tr("Slo&w: 0.4 s for each answer"));
    add(Condition::Refusing, u"refusing"_s, tr("Ref&using: 400"));
    add(Condition::Failing, u"failing"_s, tr("Fa&iling: 503"));
    add(Condition::Unreachable, u"unreachable"_s, tr("U&nreachable"));
    m_received = new QLabel(box);
    m_received->setObjectName(u"received"_s);
    m_received->setWordWrap(true);
    layout->addWidget(m_received);
    connectSignal(m_receiver, &Receiver::conditionChanged, m_events, [](Condition condition) {
        return Event(u"receiver.changed"_s, QVariant::fromValue(condition).toString());
    });
    return box;
}

QWidget *Panel::makeListener()
{
    auto *const box = new QGroupBox(tr("A listener in this thread"), this);
    auto *const layout = new QVBoxLayout(box);
    m_heard = new QLabel(box);
    m_heard->setObjectName(u"heard"_s);
    m_heard->setTextFormat(Qt::PlainText);
    m_heard->setWordWrap(true);
    layout->addWidget(m_heard);
    return box;
}

void Panel::setRate(int rate)
{
    m_slider->setValue(positionOf(rate));
}

void Panel::sendText()
{
    m_events->write(Event(u"note.written"_s, m_text->text()));
    m_text->clear();
}

void Panel::hear(const Event &event)
{
    ++m_heardCount;
    m_heardLast = event.type();
}

// Not with each event: there may be very many.
void Panel::showReceived()
{
    if (m_received)
        m_received->setText(m_receiver->errorText().isEmpty()
                                ? tr("Requests: %1; events taken one by one: %2, in batches: %3")
                                      .arg(grouped(qint64(m_receiver->requests())), grouped(m_receiver->singles()),
                                           grouped(m_receiver->batched()))
                                : tr("Does not listen: %1").arg(m_receiver->errorText()));
    QString heard = m_heardCount == 0 ? tr("Has heard nothing yet.")
                                      : tr("Events heard: %1, the last: %2").arg(grouped(m_heardCount), m_heardLast);
    if (m_follower)
        heard += u'\n'
                 + tr("%1: %2 lines read, %3 rejected")
                       .arg(m_follower->name(), grouped(m_follower->read()), grouped(m_follower->rejected()));
    m_heard->setText(heard);
}

} // namespace Monitor
