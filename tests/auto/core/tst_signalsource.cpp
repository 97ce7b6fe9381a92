// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Queue>
#include <Qanat/SignalSource>

#include <QtCore/qitemselectionmodel.h>
#include <QtCore/qrect.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qstringlistmodel.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class Unknown;

struct Place
{
    Q_GADGET
    Q_PROPERTY(int line MEMBER line)
    Q_PROPERTY(int column MEMBER column)
public:
    int line = 0;
    int column = 0;
    friend bool operator==(const Place &one, const Place &other)
    {
        return one.line == other.line && one.column == other.column;
    }
    friend bool operator!=(const Place &one, const Place &other) { return !(one == other); }
};

struct Opaque
{
    int value = 0;
};

// As QKeySequence is: a gadget that has nothing to show, and a text.
struct Key
{
    Q_GADGET
public:
    int code = 0;
    QString toText() const { return u"Key %1"_s.arg(code); }
};

// An object of an application, which knows nothing of events.
class Document : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QString title READ title WRITE setTitle NOTIFY titleChanged)
    Q_PROPERTY(int throwing READ throwing NOTIFY titleChanged)
    Q_PROPERTY(int silent MEMBER silent)
    Q_PROPERTY(Place place MEMBER place NOTIFY placeChanged)
public:
    enum class State : quint8 { Clean, Modified };
    Q_ENUM(State)

    int throwing() const { throw std::runtime_error("no value"); }

    QString title() const { return m_title; }
    void setTitle(const QString &title)
    {
        m_title = title;
        Q_EMIT titleChanged();
    }
    int silent = 0;
    Place place;

Q_SIGNALS:
    void titleChanged();
    void placeChanged();
    void renamed(const QString &from, const QString &to);
    void moved(const Place &place, Document::State state);
    void unnamed(int, const QString &);
    void overloaded(int number);
    void overloaded(const QString &text);
    void defaulted(int first, int second = 2);
    void lots(const QRectF &area, QPoint point, const QObject *object, const QVariant &any, const QList<Place> &places);
    void opaque(const Opaque &value);
    void pressed(const Key &key);
    void incomplete(const Unknown &unknown);
    void secret(int value, QPrivateSignal);

public:
    void emitSecret(int value) { Q_EMIT secret(value, QPrivateSignal()); }

private:
    QString m_title;
};

class TestSignalSource : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void argumentsBecomeData();
    void withoutArgumentsNoData();
    void gadgetsAndEnumerations();
    void whatNoEventCanCarry();
    void gadgetsWithoutPropertiesHaveAText();
    void modelsTellRowsAndColumns();
    void privateAndOverloadedSignals();
    void aFunctionMakesTheEvent();
    void aThrowingFunctionFailsItsEmission();
    void byName_data();
    void byName();
    void byNameRefused_data();
    void byNameRefused();
    void incompleteTypesAreRefused();
    void allSignals();
    void allSignalsButSome();
    void connectingAgainLeavesNothingBehind();
    void aSenderMayTakeThePlaceOfAnother();
    void aSenderMayConnectWhenItIsConnected();
    void exceptionsOfPropertiesStayInside();
    void nothingIsNamed();
    void propertyChanges();
    void propertiesRefused();
    void sourceAndSubject();
    void endsWithTheSender();
    void endsWithTheSink();
    void endsWithTheCloseOfTheSink();
    void endsWhenToldTo();
    void ownObjectsAreRefused();
    void whatNoEventCanHaveIsRefused();
    void anyThreadMayEmit();
    void senderAndSinkGoWhileOthersEmit();
    void debounceKeepsTheLast();
    void debouncedSenderMayGo();
    void debounceCanBeCancelled();
};

namespace {

// Takes what comes, in the thread of the test.
class Listening
{
public:
    RecordingSink sink;

    QList<Event> await(qsizetype count)
    {
        if (!waitUntil([&] { return sink.recording()->count() >= count; }))
            qWarning("Waited in vain for %lld events", qlonglong(count));
        return sink.recording()->events();
    }
    QVariantMap data() { return await(1).value(0).data().toMap(); }
};

} // namespace

void TestSignalSource::argumentsBecomeData()
{
    Document document;
    Listening at;
    const SignalSource source = connectSignal(&document, &Document::renamed, &at.sink, u"document.renamed"_s);
    QVERIFY(source.isActive());
    Q_EMIT document.renamed(u"a"_s, u"b"_s);
    const QList<Event> events = at.await(1);
    QCOMPARE(events.first().type(), u"document.renamed"_s);
    QCOMPARE(events.first().data(), QVariant(QVariantMap{{u"from"_s, u"a"_s}, {u"to"_s, u"b"_s}}));
    connectSignal(&document, &Document::unnamed, &at.sink, u"x"_s);
    Q_EMIT document.unnamed(5, u"c"_s);
    QCOMPARE(at.await(2).last().data(), QVariant(QVariantMap{{u"argument1"_s, 5}, {u"argument2"_s, u"c"_s}}));
}

void TestSignalSource::withoutArgumentsNoData()
{
    QTimer timer;
    Listening at;
    timer.start(0ms);
    connectSignal(&timer, &QTimer::timeout, &at.sink, u"tick"_s);
    QVERIFY(!at.await(1).first().data().isValid());
}

void TestSignalSource::gadgetsAndEnumerations()
{
    Document document;
    Listening at;
    connectSignal(&document, &Document::moved, &at.sink, u"moved"_s);
    Q_EMIT document.moved({3, 4}, Document::State::Modified);
    const QVariantMap data = at.data();
    QCOMPARE(data[u"place"_s].value<Place>(), (Place{3, 4}));
    const QByteArray json = at.await(1).first().dataToJson().value();
    QCOMPARE(json, R"({"place":{"column":4,"line":3},"state":1})");
}

void TestSignalSource::whatNoEventCanCarry()
{
    Document document;
    document.setObjectName(u"doc"_s);
    Listening at;
    connectSignal(&document, &Document::lots, &at.sink, u"lots"_s);
    Q_EMIT document.lots({1, 2, 3.5, 4}, {5, 6}, &document, QSize(7, 8), {{1, 2}});
    const Event event = at.await(1).first();
    QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
    QCOMPARE(
        event.dataToJson().value(),
        R"({"any":{"height":8,"width":7},"area":{"height":4,"width":3.5,"x":1,"y":2},)"
        R"("object":{"class":"Document","objectName":"doc"},"places":[{"column":2,"line":1}],"point":{"x":5,"y":6}})");
    // What nothing is known of stays what it is, for listeners in this process.
    connectSignal(&document, &Document::opaque, &at.sink, u"opaque"_s);
    Q_EMIT document.opaque({9});
    QCOMPARE(at.await(2).last().data().toMap()[u"value"_s].value<Opaque>().value, 9);
    QVERIFY(!at.await(2).last().isPortable());
}

void TestSignalSource::gadgetsWithoutPropertiesHaveAText()
{
    Document document;
    Listening at;
    connectSignal(&document, &Document::pressed, &at.sink, u"pressed"_s);
    Q_EMIT document.pressed({1});
    QMetaType::registerConverter(&Key::toText);
    Q_EMIT document.pressed({2});
    const QList<Event> events = at.await(2);
    QCOMPARE(events[0].data().toMap()[u"key"_s].value<Key>().code, 1);
    QVERIFY(!events[0].isPortable());
    QCOMPARE(events[1].data(), QVariant(QVariantMap{{u"key"_s, u"Key 2"_s}}));
}

void TestSignalSource::modelsTellRowsAndColumns()
{
    QStringListModel model({u"a"_s, u"b"_s, u"c"_s});
    QItemSelectionModel selection(&model);
    Listening at;
    connectSignal(&model, &QAbstractItemModel::dataChanged, &at.sink, u"changed"_s);
    connectSignal(&model, &QAbstractItemModel::rowsInserted, &at.sink, u"inserted"_s);
    connectSignal(&model, &QAbstractItemModel::layoutChanged, &at.sink, u"layout"_s);
    connectSignal(&selection, &QItemSelectionModel::selectionChanged, &at.sink, u"selected"_s);
    model.setData(model.index(1), u"x"_s);
    model.insertRows(0, 2);
    Q_EMIT model.layoutChanged({QPersistentModelIndex(model.index(1))});
    selection.select(model.index(2), QItemSelectionModel::Select);
    const QList<Event> events = at.await(4);
    QCOMPARE(events[0].data().toMap()[u"topLeft"_s], QVariant(QVariantMap{{u"row"_s, 1}, {u"column"_s, 0}}));
    QCOMPARE(events[1].data().toMap()[u"last"_s], QVariant(1));
    QCOMPARE(events[1].data().toMap()[u"parent"_s], QVariant(QVariantMap{{u"row"_s, -1}, {u"column"_s, -1}}));
    QVERIFY2(events[2].dataToJson().value().contains(R"("parents":[{"column":0,"row":1}])"),
             events[2].dataToJson().value().constData());
    QVERIFY2(events[3].dataToJson().value().contains(R"("selected":[{"bottom":2,"left":0,"right":0,"top":2}])"),
             events[3].dataToJson().value().constData());
    for (const Event &event : events)
        QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
}

void TestSignalSource::privateAndOverloadedSignals()
{
    Document document;
    Listening at;
    connectSignal(&document, &Document::secret, &at.sink, u"secret"_s);
    connectSignal(&document, qOverload<const QString &>(&Document::overloaded), &at.sink, u"text"_s);
    connectSignal(&document, &Document::defaulted, &at.sink, u"defaulted"_s);
    document.emitSecret(6);
    Q_EMIT document.overloaded(1);
    Q_EMIT document.overloaded(u"t"_s);
    Q_EMIT document.defaulted(1);
    const QList<Event> events = at.await(3);
    QCOMPARE(events[0].data(), QVariant(QVariantMap{{u"value"_s, 6}}));
    QCOMPARE(events[1].data(), QVariant(QVariantMap{{u"text"_s, u"t"_s}}));
    QCOMPARE(events[2].data(), QVariant(QVariantMap{{u"first"_s, 1}, {u"second"_s, 2}}));
}

void TestSignalSource::aFunctionMakesTheEvent()
{
    Document document;
    Listening at;
    connectSignal(&document, &Document::renamed, &at.sink, [](const QString &from) { return Event(u"one"_s, from); });
    connectSignal(&document, &Document::renamed, &at.sink,
                  [](const QString &, const QString &to) { return Event(u"two"_s, to); });
    connectSignal(&document, &Document::renamed, &at.sink, []() -> std::optional<Event> { return std::nullopt; });
    connectSignal(&document, &Document::secret, &at.sink, [](int value) { return Event::fromValue(Place{value, 0}); });
    Q_EMIT document.renamed(u"a"_s, u"b"_s);
    document.emitSecret(7);
    const QList<Event> events = at.await(3);
    QCOMPARE(events[0].data(), QVariant(u"a"_s));
    QCOMPARE(events[1].data(), QVariant(u"b"_s));
    QCOMPARE(events[2].value<Place>().value(), (Place{7, 0}));
}

void TestSignalSource::aThrowingFunctionFailsItsEmission()
{
    Document document;
    Listening at;
    connectSignal(&document, &Document::secret, &at.sink, [](int value) {
        if (value == 1)
            throw std::runtime_error("no such thing");
        return Event(u"x"_s, value);
    });
    QTest::ignoreMessage(QtWarningMsg, "An exception left what makes an event of a signal: no such thing");
    document.emitSecret(1);
    document.emitSecret(2);
    QCOMPARE(at.await(1).first().data(), QVariant(2));
}

void TestSignalSource::byName_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("name") << QByteArray("renamed");
    QTest::newRow("signature") << QByteArray("renamed(QString,QString)");
    QTest::newRow("as it is written") << QByteArray(" renamed( const QString &, const QString & )");
    QTest::newRow("SIGNAL()") << QByteArray(SIGNAL(renamed(QString, QString)));
}

void TestSignalSource::byName()
{
    QFETCH(const QByteArray, name);
    Document document;
    Listening at;
    const SignalSource source = connectSignal(&document, name.constData(), &at.sink, u"renamed"_s);
    QVERIFY(source.isActive());
    Q_EMIT document.renamed(u"a"_s, u"b"_s);
    QCOMPARE(at.data(), (QVariantMap{{u"from"_s, u"a"_s}, {u"to"_s, u"b"_s}}));
}

void TestSignalSource::byNameRefused_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("warning");
    QTest::newRow("unknown") << QByteArray("renam")
                             << QByteArray("renam of Document is not connected: there is no such signal");
    QTest::newRow("unknown signature") << QByteArray(
        "renamed(int)") << QByteArray("renamed(int) of Document is not connected: there is no such signal");
    QTest::newRow("a slot") << QByteArray("deleteLater")
                            << QByteArray("deleteLater of Document is not connected: there is no such signal");
    QTest::newRow("several") << QByteArray("overloaded")
                             << QByteArray("overloaded of Document is not connected: there are several signals of that "
                                           "name: overloaded(int), overloaded(QString)");
    QTest::newRow("empty") << QByteArray("") << QByteArray(" of Document is not connected: there is no such signal");
}

void TestSignalSource::byNameRefused()
{
    QFETCH(const QByteArray, name);
    QFETCH(const QByteArray, warning);
    Document document;
    Listening at;
    QTest::ignoreMessage(QtWarningMsg, warning.constData());
    QVERIFY(!connectSignal(&document, name.constData(), &at.sink, u"x"_s).isActive());
}

void TestSignalSource::incompleteTypesAreRefused()
{
    Document document;
    Listening at;
    const char warning[] =
        "incomplete(Unknown) of Document is not connected: Unknown is not complete, or not known to the "
        "meta-object; a function can make the event";
    QTest::ignoreMessage(QtWarningMsg, warning);
    QVERIFY(!connectSignal(&document, &Document::incomplete, &at.sink, u"x"_s).isActive());
    QTest::ignoreMessage(QtWarningMsg, warning);
    QVERIFY(!connectSignal(&document, "incomplete", &at.sink, u"x"_s).isActive());
    QVERIFY(connectSignal(&document, &Document::incomplete, &at.sink, [] { return Event(u"x"_s); }).isActive());
}

void TestSignalSource::allSignals()
{
    Document document;
    Listening at;
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^incomplete.Unknown. of Document is not connected"_s));
    const SignalSource source = connectAllSignals(&document, &at.sink, u"document"_s);
    QVERIFY(source.isActive());
    document.setTitle(u"t"_s);
    Q_EMIT document.renamed(u"a"_s, u"b"_s);
    Q_EMIT document.defaulted(1);
    Q_EMIT document.overloaded(1);
    document.emitSecret(8);
    document.setObjectName(u"not told"_s);
    const QList<Event> events = at.await(5);
    QStringList types;
    for (const Event &event : events)
        types.append(event.type());
    QCOMPARE(types, (QStringList{u"document.titleChanged"_s, u"document.renamed"_s, u"document.defaulted"_s,
                                 u"document.overloaded"_s, u"document.secret"_s}));
    QCOMPARE(events[4].data(), QVariant(QVariantMap{{u"value"_s, 8}}));
}

void TestSignalSource::allSignalsButSome()
{
    Document document;
    Listening at;
    QTest::ignoreMessage(QtWarningMsg,
                         "typo cannot be left out of the signals of Document: there is none of that name");
    SignalOptions options;
    options.except = {"renamed", "incomplete", "typo", SIGNAL(defaulted(int, int))};
    const SignalSource source = connectAllSignals(&document, &at.sink, u"document"_s, options);
    QVERIFY(source.isActive());
    Q_EMIT document.renamed(u"a"_s, u"b"_s);
    Q_EMIT document.defaulted(1);
    document.emitSecret(8);
    QCOMPARE(at.await(1).first().type(), u"document.secret"_s);
}

void TestSignalSource::connectingAgainLeavesNothingBehind()
{
    class Watched : public Document
    {
    public:
        int watchers() const { return receivers(SIGNAL(destroyed(QObject *))); }
    };
    Watched document;
    Listening at;
    for (int i = 0; i < 100; ++i) {
        SignalSource secret = connectSignal(&document, "secret", &at.sink, u"a"_s);
        SignalSource title = connectProperty(&document, "title", &at.sink, u"b"_s);
        document.emitSecret(i);
        document.setTitle(QString::number(i));
        secret.disconnect();
        document.emitSecret(-1);
        title.disconnect();
    }
    QVERIFY2(document.watchers() <= 1, qPrintable(QString::number(document.watchers())));
    const QList<Event> events = at.await(200);
    QCOMPARE(events.size(), 200);
    QCOMPARE(events[199].data(), QVariant(QVariantMap{{u"title"_s, u"99"_s}}));
}

// In a slot of its own signal, and at the same address.
void TestSignalSource::aSenderMayTakeThePlaceOfAnother()
{
    std::optional<Document> document(std::in_place);
    Listening at;
    SignalSource first = connectSignal(&*document, "secret", &at.sink, u"first"_s);
    SignalSource second;
    QObject::connect(&*document, &Document::secret, &at.sink, [&] {
        document.reset();
        document.emplace();
        second = connectSignal(&*document, "secret", &at.sink, u"second"_s);
    });
    document->emitSecret(1);
    QVERIFY(!first.isActive());
    QVERIFY(second.isActive());
    document->emitSecret(2);
    const QList<Event> events = at.await(2);
    QCOMPARE(events[1].type(), u"second"_s);
}

void TestSignalSource::aSenderMayConnectWhenItIsConnected()
{
    class Eager : public Document
    {
    public:
        Sink *sink = nullptr;
        SignalSource own;

    protected:
        void connectNotify(const QMetaMethod &) override
        {
            if (Sink *const to = std::exchange(sink, nullptr))
                own = connectSignal(this, "titleChanged", to, u"own"_s);
        }
    };
    Listening at;
    Eager document;
    document.sink = &at.sink;
    const SignalSource named = connectSignal(&document, "secret", &at.sink, u"named"_s);
    QVERIFY(named.isActive() && document.own.isActive());
    document.emitSecret(1);
    document.setTitle(u"t"_s);
    QCOMPARE(at.await(2).size(), 2);
}

void TestSignalSource::exceptionsOfPropertiesStayInside()
{
    Document document;
    Listening at;
    const SignalSource source = connectProperty(&document, "throwing", &at.sink, u"x"_s);
    QVERIFY(source.isActive());
    QTest::ignoreMessage(QtWarningMsg, "An exception left what makes an event of a signal: no value");
    document.setTitle(u"t"_s);
    QCOMPARE(at.sink.statistics().offered, 0);
}

void TestSignalSource::nothingIsNamed()
{
    Document document;
    Listening at;
    QTest::ignoreMessage(QtWarningMsg,
                         "A property without a name of Document is not connected: there is no such property");
    QVERIFY(!connectProperty(&document, nullptr, &at.sink, u"x"_s).isActive());
}

void TestSignalSource::propertyChanges()
{
    Document document;
    Listening at;
    connectProperty(&document, "title", &at.sink, u"title"_s);
    connectProperty(&document, "place", &at.sink, u"place"_s);
    document.setTitle(u"t"_s);
    document.setProperty("place", QVariant::fromValue(Place{1, 2}));
    const QList<Event> events = at.await(2);
    QCOMPARE(events[0].data(), QVariant(QVariantMap{{u"title"_s, u"t"_s}}));
    QCOMPARE(events[1].dataToJson().value(), R"({"place":{"column":2,"line":1}})");
}

void TestSignalSource::propertiesRefused()
{
    Document document;
    Listening at;
    QTest::ignoreMessage(QtWarningMsg, "silent of Document is not connected: the property has no NOTIFY signal");
    QVERIFY(!connectProperty(&document, "silent", &at.sink, u"x"_s).isActive());
    QTest::ignoreMessage(QtWarningMsg, "nothing of Document is not connected: there is no such property");
    QVERIFY(!connectProperty(&document, "nothing", &at.sink, u"x"_s).isActive());
}

void TestSignalSource::sourceAndSubject()
{
    Document document;
    document.setObjectName(u"doc"_s);
    Listening at;
    connectSignal(&document, &Document::titleChanged, &at.sink, u"a"_s);
    connectSignal(&document, &Document::titleChanged, &at.sink, u"b"_s, {u"/there"_s, u"it"_s});
    document.setTitle(u"t"_s);
    const QList<Event> events = at.await(2);
    QCOMPARE(events[0].subject(), u"doc"_s);
    QCOMPARE(events[0].source(), Event(u"x"_s).source());
    QCOMPARE(events[1].subject(), u"it"_s);
    QCOMPARE(events[1].source(), u"/there"_s);
}

void TestSignalSource::endsWithTheSender()
{
    Listening at;
    auto document = std::make_unique<Document>();
    const SignalSource typed = connectSignal(document.get(), &Document::titleChanged, &at.sink, u"a"_s);
    const SignalSource named = connectSignal(document.get(), "titleChanged", &at.sink, u"b"_s);
    document->setTitle(u"t"_s);
    document.reset();
    QCOMPARE(at.await(2).size(), 2);
    QVERIFY(!typed.isActive());
    QVERIFY(!named.isActive());
}

void TestSignalSource::endsWithTheSink()
{
    Document document;
    auto sink = std::make_unique<RecordingSink>();
    const SignalSource typed = connectSignal(&document, &Document::titleChanged, sink.get(), u"a"_s);
    const SignalSource named = connectSignal(&document, "titleChanged", sink.get(), u"b"_s);
    sink.reset();
    QVERIFY(!typed.isActive());
    QVERIFY(!named.isActive());
    document.setTitle(u"t"_s);
    document.setTitle(u"u"_s);
}

void TestSignalSource::endsWithTheCloseOfTheSink()
{
    Document document;
    RecordingSink sink;
    const SignalSource source = connectSignal(&document, &Document::titleChanged, &sink, u"a"_s, {{}, {}, 10ms});
    QANAT_FINISH(sink.close());
    QVERIFY(!source.isActive());
    document.setTitle(u"t"_s);
    QCOMPARE(sink.statistics().offered, 0);
}

void TestSignalSource::endsWhenToldTo()
{
    Document document;
    Listening at;
    SignalSource typed = connectSignal(&document, &Document::titleChanged, &at.sink, u"a"_s);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^incomplete.Unknown. of Document is not connected"_s));
    SignalSource named = connectAllSignals(&document, &at.sink, u"b"_s);
    document.setTitle(u"t"_s);
    typed.disconnect();
    named.disconnect();
    QVERIFY(!typed.isActive());
    QVERIFY(!named.isActive());
    document.setTitle(u"u"_s);
    QCOMPARE(at.await(2).size(), 2);
    SignalSource().disconnect();
    QVERIFY(!SignalSource().isActive());
}

void TestSignalSource::ownObjectsAreRefused()
{
    Broadcaster events;
    Listening at;
    const QRegularExpression warning(u"is not connected: signals of this library's objects tell of events"_s);
    for (int i = 0; i < 4; ++i)
        QTest::ignoreMessage(QtWarningMsg, warning);
    QVERIFY(!connectSignal(&events, &Sink::statisticsChanged, &events, u"x"_s).isActive());
    QVERIFY(!connectSignal(&events, &Sink::drained, &at.sink, [] { return Event(u"x"_s); }).isActive());
    QVERIFY(!connectAllSignals(&at.sink, &events, u"x"_s).isActive());
    QVERIFY(!connectProperty(&events, "pacing", &at.sink, u"x"_s).isActive());
    Document document;
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"there is no sink$"_s));
    QVERIFY(!connectSignal(&document, &Document::titleChanged, nullptr, u"x"_s).isActive());
}

void TestSignalSource::whatNoEventCanHaveIsRefused()
{
    Document document;
    document.setObjectName(u"doc"_s);
    Listening at;
    QTest::ignoreMessage(QtWarningMsg, "titleChanged() of Document \"doc\" is not connected: type is empty");
    QVERIFY(!connectSignal(&document, &Document::titleChanged, &at.sink, QString()).isActive());
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(u"^titleChanged of Document .doc. is not connected: source"_s));
    QVERIFY(!connectSignal(&document, "titleChanged", &at.sink, u"x"_s, {u"no uri %%"_s}).isActive());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"of no object is not connected: there is no sender$"_s));
    QVERIFY(!connectSignal(static_cast<Document *>(nullptr), &Document::titleChanged, &at.sink, u"x"_s).isActive());
    // What a function makes is told of once.
    connectSignal(&document, &Document::titleChanged, &at.sink, [] { return Event(QString()); });
    QTest::ignoreMessage(
        QtWarningMsg,
        "An event that was made of a signal for RecordingSink is not valid, and was not written: type is empty");
    document.setTitle(u"a"_s);
    document.setTitle(u"b"_s);
    QCOMPARE(at.sink.statistics().rejected, 2);
}

void TestSignalSource::anyThreadMayEmit()
{
    constexpr int Count = IsSanitized ? 1000 : 10000;
    constexpr int Threads = 4;
    Document document;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    connectSignal(&document, &Document::secret, &queue, u"typed"_s);
    connectSignal(&document, "secret", &queue, u"named"_s);
    std::vector<std::thread> threads;
    for (int i = 0; i < Threads; ++i) {
        threads.emplace_back([&document] {
            for (int n = 0; n < Count; ++n)
                document.emitSecret(n);
        });
    }
    QANAT_WAIT(recording->count() == 2 * Threads * Count);
    for (std::thread &thread : threads)
        thread.join();
    QANAT_BALANCED(queue);
}

void TestSignalSource::senderAndSinkGoWhileOthersEmit()
{
    for (int round = 0; round < (IsSanitized ? 50 : 300); ++round) {
        auto document = std::make_unique<Document>();
        auto queue = std::make_unique<Queue>(std::make_unique<RecordingSink>());
        queue->setLimits({100, Limits::Unlimited, Limits::Overflow::DropOldest});
        SignalSource typed = connectSignal(document.get(), &Document::secret, queue.get(), u"typed"_s);
        SignalSource named = connectSignal(document.get(), "secret", queue.get(), u"named"_s);
        std::atomic<bool> isOver{false};
        std::atomic<int> emitted{0};
        std::thread emitter([&] {
            while (!isOver) {
                document->emitSecret(1);
                ++emitted;
            }
        });
        QANAT_WAIT(emitted > 10);
        if (round % 2) {
            typed.disconnect();
            named.disconnect();
        } else {
            QANAT_FINISH(queue->discard());
        }
        queue.reset();
        const int before = emitted;
        QANAT_WAIT(emitted > before + 2);
        isOver = true;
        emitter.join();
        document.reset();
        QVERIFY(!typed.isActive() && !named.isActive());
    }
}

void TestSignalSource::debounceKeepsTheLast()
{
    const auto clock = std::make_shared<ManualClock>();
    Document document;
    Listening at;
    at.sink.setClock(clock);
    connectSignal(&document, &Document::secret, &at.sink, u"x"_s, {{}, {}, 100ms});
    for (int i = 0; i < 5; ++i) {
        document.emitSecret(i);
        QVERIFY(clock->waitForWaiter());
        clock->advance(60ms);
    }
    QCOMPARE(at.sink.statistics().offered, 0);
    QANAT_WAIT(clock->nextDue() == clock->now() + 40ms);
    clock->advance(40ms);
    QCOMPARE(at.await(1).first().data(), QVariant(QVariantMap{{u"value"_s, 4}}));
    document.emitSecret(9);
    QVERIFY(clock->waitForWaiter());
    clock->advance(100ms);
    QCOMPARE(at.await(2).last().data(), QVariant(QVariantMap{{u"value"_s, 9}}));
    QCOMPARE(at.sink.statistics().offered, 2);
}

void TestSignalSource::debouncedSenderMayGo()
{
    const auto clock = std::make_shared<ManualClock>();
    auto document = std::make_unique<Document>();
    Listening at;
    at.sink.setClock(clock);
    connectSignal(document.get(), &Document::secret, &at.sink, u"x"_s, {{}, {}, 100ms});
    document->emitSecret(1);
    document.reset();
    QVERIFY(clock->waitForWaiter());
    clock->advance(100ms);
    QCOMPARE(at.await(1).size(), 1);
}

void TestSignalSource::debounceCanBeCancelled()
{
    const auto clock = std::make_shared<ManualClock>();
    Document document;
    Listening at;
    at.sink.setClock(clock);
    SignalSource source = connectSignal(&document, &Document::secret, &at.sink, u"x"_s, {{}, {}, 100ms});
    document.emitSecret(1);
    QVERIFY(clock->waitForWaiter());
    source.disconnect();
    clock->advance(100ms);
    QANAT_WAIT(!clock->nextDue());
    QCOMPARE(at.sink.statistics().offered, 0);
}

QTEST_GUILESS_MAIN(TestSignalSource)

#include "tst_signalsource.moc"
