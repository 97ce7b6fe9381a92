// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Filter>
#include <Qanat/PipelineModel>
#include <Qanat/RetryingSink>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtranslator.h>

#include <cmath>
#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

// Into a language that is easily recognised.
class Quoting final : public QTranslator
{
public:
    bool isEmpty() const override { return false; }
    QString translate(const char *context, const char *text, const char *, int) const override
    {
        return QByteArrayView(context).startsWith("Qanat") ? u'«' + QString::fromUtf8(text) + u'»' : QString();
    }
};

} // namespace

// What an application may show is translated; the codes beside it are not.
class TestTranslation : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QCoreApplication::installTranslator(&m_translator); }
    void outcomes();
    void causesOfFailure();
    void faultsOfEvents();
    void deadLettersKeepTheirCodes();
    void columnsOfTheModel();

private:
    Quoting m_translator;
};

void TestTranslation::outcomes()
{
    QCOMPARE(Delivery::closed().errorText(), u"«the sink is closed»"_s);
    QCOMPARE(Delivery::closed().error(), Delivery::Error::Closed);
    RecordingSink sink;
    sink.recording()->defer();
    const QFuture<Delivery> outcome = sink.send(someEvent());
    QANAT_FINISH(sink.discard());
    QANAT_FINISH(outcome);
    QVERIFY2(outcome.result().errorText().startsWith(u'«'), qPrintable(outcome.result().errorText()));
}

void TestTranslation::causesOfFailure()
{
    auto end = std::make_unique<RecordingSink>();
    Filter filter([](const Event &) -> bool { throw std::runtime_error("no"); }, std::move(end));
    const QFuture<Delivery> outcome = filter.send(someEvent());
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().errorText(), u"«an exception left a function that looks at events: no»"_s);
    QCOMPARE(outcome.result().error(), Delivery::Error::Exception);
}

void TestTranslation::faultsOfEvents()
{
    QCOMPARE(Event().errorText(), u"«the event is empty»"_s);
    QCOMPARE(Event(QString()).errorText(), u"type «is empty»"_s);
    QCOMPARE(Event(u"x"_s, QVariantMap{{u"a"_s, std::nan("")}}).portabilityError(),
             u"data.a: «NaN cannot be carried»"_s);
    QCOMPARE(Event::fromJson("[]").errorText(), u"«not an event: not a JSON object»"_s);
    QCOMPARE(Event(u"x"_s, u"text"_s).value<int>().errorText(), u"«data: «a text» cannot be taken as int»"_s);
}

void TestTranslation::deadLettersKeepTheirCodes()
{
    DeadLetters dead;
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour(always(passingFailure()));
    RetryingSink sink(std::move(end), ExponentialBackoff());
    sink.setMaximumAttempts(1);
    sink.setDeadLetterSink(&dead);
    sink.write(someEvent());
    QANAT_WAIT(dead.count() == 1);
    const DeadLetter letter = dead.letters().first();
    QCOMPARE(letter.error, passingFailure().error());
    QVERIFY2(letter.reason.contains(u"«given up after «1 attempt»»"_s), qPrintable(letter.reason));
}

void TestTranslation::columnsOfTheModel()
{
    const PipelineModel model;
    QCOMPARE(model.headerData(0, Qt::Horizontal).toString(), u"«Name»"_s);
    QCOMPARE(model.roleNames().value(PipelineModel::ValueRole), "value"_ba);
}

QTEST_GUILESS_MAIN(TestTranslation)

#include "tst_translation.moc"
