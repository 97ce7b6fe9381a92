// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "messagecatcher.h"
#include "qanattest.h"

#include <Qanat/LogSink>
#include <Qanat/Queue>

#include <QtCore/qloggingcategory.h>

#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// Rules for as long as it exists.
class FilterRules
{
public:
    explicit FilterRules(const QString &rules) { QLoggingCategory::setFilterRules(rules); }
    ~FilterRules() { QLoggingCategory::setFilterRules({}); }
    Q_DISABLE_COPY_MOVE(FilterRules)
};

} // namespace

class LogSinkTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void theLineHasNoData();
    void eachSeverity_data();
    void eachSeverity();
    void theSeverityMayDependOnTheEvent();
    void theLineMayBeAnother();
    void whatIsSwitchedOffIsFiltered();
    void theNameOfTheCategoryIsCopied();
    void aFunctionThatThrowsFailsItsOwnEvent();
    void worksBehindAQueue();
};

void LogSinkTest::theLineHasNoData()
{
    const MessageCatcher catcher;
    LogSink sink("test.log");
    Event bare(u"document.opened"_s, QVariantMap{{u"payload"_s, u"s3cret"_s}});
    bare.setSource(u"/editor"_s);
    Event event = someEvent(u"document.renamed"_s);
    event.setSource(u"/editor"_s);
    event.setSubject(u"my report.odt"_s);
    sink.write(bare);
    const QFuture<Delivery> sent = sink.send(event);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Delivered);
    const auto messages = catcher.messages();
    QCOMPARE(messages.size(), 2);
    QCOMPARE(messages[0].text, u"document.opened source=/editor id="_s + bare.id());
    QCOMPARE(messages[1].text, u"document.renamed source=/editor id="_s + event.id() + u" subject=my report.odt"_s);
    for (const auto &message : messages) {
        QCOMPARE(message.type, QtInfoMsg);
        QCOMPARE(message.category, u"test.log"_s);
        QVERIFY(!message.text.contains(u"s3cret"_s));
    }
    QANAT_BALANCED(sink);
}

void LogSinkTest::eachSeverity_data()
{
    QTest::addColumn<LogSink::Severity>("severity");
    QTest::addColumn<QtMsgType>("type");
    QTest::newRow("debug") << LogSink::Severity::Debug << QtDebugMsg;
    QTest::newRow("info") << LogSink::Severity::Info << QtInfoMsg;
    QTest::newRow("warning") << LogSink::Severity::Warning << QtWarningMsg;
    QTest::newRow("critical") << LogSink::Severity::Critical << QtCriticalMsg;
}

void LogSinkTest::eachSeverity()
{
    QFETCH(LogSink::Severity, severity);
    QFETCH(QtMsgType, type);
    const MessageCatcher catcher;
    LogSink fixed("test.log", severity);
    LogSink changed("test.log");
    changed.setSeverity(severity);
    fixed.write(someEvent());
    changed.write(someEvent());
    QANAT_WAIT(fixed.statistics().delivered == 1 && changed.statistics().delivered == 1);
    QCOMPARE(catcher.messages().size(), 2);
    QCOMPARE(catcher.messages()[0].type, type);
    QCOMPARE(catcher.messages()[1].type, type);
}

void LogSinkTest::theSeverityMayDependOnTheEvent()
{
    const MessageCatcher catcher;
    LogSink sink("test.log");
    sink.setSeverity([](const Event &event) {
        return event.type() == u"bad"_s ? LogSink::Severity::Critical : LogSink::Severity::Debug;
    });
    sink.write(Batch{someEvent(u"good"_s), someEvent(u"bad"_s)});
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(catcher.messages()[0].type, QtDebugMsg);
    QCOMPARE(catcher.messages()[1].type, QtCriticalMsg);
    sink.setSeverity(nullptr);
    sink.write(someEvent(u"bad"_s));
    QANAT_WAIT(sink.statistics().delivered == 3);
    QCOMPARE(catcher.messages()[2].type, QtInfoMsg);
}

void LogSinkTest::theLineMayBeAnother()
{
    const MessageCatcher catcher;
    LogSink sink{QByteArray()};
    QCOMPARE(sink.category(), QByteArray("default"));
    sink.setFormatter([](const Event &event) { return u"100 %s \"now\": "_s + event.type(); });
    sink.write(someEvent(u"a.b"_s));
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(catcher.messages()[0].text, u"100 %s \"now\": a.b"_s);
    QCOMPARE(catcher.messages()[0].category, u"default"_s);
    sink.setFormatter(nullptr);
    sink.write(someEvent(u"a.b"_s));
    QANAT_WAIT(sink.statistics().delivered == 2);
    QVERIFY(catcher.messages()[1].text.startsWith(u"a.b source=/"_s));
}

void LogSinkTest::whatIsSwitchedOffIsFiltered()
{
    const MessageCatcher catcher;
    const FilterRules rules(u"test.log.debug=false"_s);
    LogSink sink("test.log", LogSink::Severity::Debug);
    int formatted = 0;
    sink.setFormatter([&formatted](const Event &event) {
        ++formatted;
        return event.id();
    });
    const QFuture<Delivery> off = sink.send(someEvent());
    QANAT_FINISH(off);
    QCOMPARE(off.result().outcome(), Delivery::Outcome::Filtered);
    QCOMPARE(formatted, 0);
    // The rules may change at any time.
    QLoggingCategory::setFilterRules(u"test.log.debug=true"_s);
    const QFuture<Delivery> on = sink.send(someEvent());
    QANAT_FINISH(on);
    QCOMPARE(on.result().outcome(), Delivery::Outcome::Delivered);
    QCOMPARE(catcher.messages().size(), 1);
    QCOMPARE(sink.statistics().filtered, 1);
    QANAT_BALANCED(sink);
}

void LogSinkTest::theNameOfTheCategoryIsCopied()
{
    const MessageCatcher catcher;
    char name[] = "test.copied";
    LogSink sink(QByteArray::fromRawData(name, qsizetype(sizeof(name) - 1)));
    std::fill(std::begin(name), std::end(name) - 1, 'x');
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(catcher.messages()[0].category, u"test.copied"_s);
    QCOMPARE(sink.category(), QByteArray("test.copied"));
}

void LogSinkTest::aFunctionThatThrowsFailsItsOwnEvent()
{
    const MessageCatcher catcher;
    LogSink sink("test.log");
    sink.setFormatter([](const Event &event) -> QString {
        if (event.type() == u"bad"_s)
            throw std::runtime_error("no words for it");
        return event.type();
    });
    sink.write(Batch{someEvent(u"one"_s), someEvent(u"bad"_s), someEvent(u"two"_s)});
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(catcher.count(u"one"_s) + catcher.count(u"two"_s), 2);
    QCOMPARE(sink.statistics().dropped, 1);
    QCOMPARE(sink.statistics().lastError.error(), Delivery::Error::Exception);
}

void LogSinkTest::worksBehindAQueue()
{
    const MessageCatcher catcher;
    {
        Queue queue(std::make_unique<LogSink>("test.log"));
        const QList<Event> events = someEvents(500);
        queue.configure<LogSink>(
            [](LogSink &sink) { sink.setFormatter([](const Event &event) { return event.id(); }); });
        queue.write(Batch(events));
        QANAT_FINISH(queue.close());
        QStringList ids;
        for (const auto &message : catcher.messages())
            ids.append(message.text);
        QCOMPARE(ids, idsOf(events));
    }
}

QTEST_GUILESS_MAIN(LogSinkTest)
#include "tst_logsink.moc"
