// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: two sinks of one's own. The simple one takes one event and answers at once, the other takes batches. What fails in
// passing is tried again by the RetryingSink around it; what fails for good goes to the dead-letter sink, here the other one.
// Prints: each try of the first sink, and what the second one got.

#include <Qanat/CircuitBreaker>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Qanat::Delivery;

// Prints letters, and runs out of paper once. In a Queue it is called in a thread of its own, so it may take its time.
class Printer : public Qanat::Sink
{
protected:
    Delivery deliver(const Qanat::Event &event) override
    {
        const QString text = event.data().toString();
        if (text.isEmpty()) // No other try mends that.
            return Delivery::failed(Delivery::Error::Refused, u"the letter is empty"_s, Delivery::Retry::Never);
        if (m_sheets-- == 0) { // A passing failure: it is tried again, and what comes after it waits, in order.
            m_out << "no paper for " << text << Qt::endl;
            return Delivery::failed(Delivery::Error::Unavailable, u"there is no paper"_s);
        }
        m_out << "printed " << text << Qt::endl;
        return Delivery::delivered();
    }

private:
    QTextStream m_out{stdout};
    int m_sheets = 1;
};

// Keeps what was thrown away. It takes what has come as one batch, as a database would in one transaction. Whoever has to wait
// for an answer keeps the completion, and settles it later, from any thread.
class Wastebasket : public Qanat::Sink
{
protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override
    {
        for (const Qanat::Event &event : batch)
            m_reasons << event.extension(u"deadletterreason"_s).toString();
        completion.settleAll(Delivery::delivered());
    }

    // The last call: everything was settled.
    Delivery finish() override
    {
        QTextStream(stdout) << "in the basket: " << m_reasons.join(u", "_s) << Qt::endl;
        return Delivery::delivered();
    }

private:
    QStringList m_reasons;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);

    Wastebasket basket;
    Qanat::Queue letters(
        std::make_unique<Qanat::RetryingSink>(std::make_unique<Printer>(), Qanat::CircuitBreaker(5, 1s)));
    letters.setDeadLetterSink(&basket);
    for (const QString &text : {u"one"_s, u"two"_s, QString(), u"three"_s})
        letters.write(Qanat::Event(u"letter.written"_s, text));

    QObject::connect(&letters, &Qanat::Sink::closed, &basket, [&basket] { basket.close(); });
    QObject::connect(&basket, &Qanat::Sink::closed, &app, &QCoreApplication::quit);
    letters.close();
    return QCoreApplication::exec();
}
