// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pattern_p.h"

#include <Qanat/Matcher>

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qrandom.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

class MatcherTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void patterns_data();
    void patterns();
    void patternsAgreeWithRegularExpressions();
    void sourcesAndSubjects();
    void attributes();
    void dataByPointer_data();
    void dataByPointer();
    void combinations();
    void inWords();
};

void MatcherTest::patterns_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("type");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char *pattern, const char *type, bool matches) {
        QTest::addRow("%s %s", pattern, type) << QString::fromLatin1(pattern) << QString::fromLatin1(type) << matches;
    };
    row("ui.*.clicked", "ui.save.clicked", true);
    row("ui.*.clicked", "ui..clicked", true);
    row("ui.*.clicked", "ui.file.save.clicked", false);
    row("ui.**.clicked", "ui.file.save.clicked", true);
    row("ui.**", "ui.", true);
    row("ui.**", "ui", false);
    row("*", "ui", true);
    row("*", "ui.save", false);
    row("**", "ui.save", true);
    row("u?.save", "ui.save", true);
    row("ui?save", "ui.save", false);
    row("ui.save", "ui.save", true);
    row("ui.save", "UI.save", false);
    row("ui.save", "ui.saved", false);
    row("a\\*", "a*", true);
    row("a\\*", "ab", false);
    row("a\\", "a\\", true);
    row("***", "a.b", true);
    row("*a*b", "xaxaxb", true);
    row("*.x*y", "a.xby", true);
}

void MatcherTest::patterns()
{
    QFETCH(QString, pattern);
    QFETCH(QString, type);
    QFETCH(bool, matches);
    QCOMPARE(Matcher::type(pattern).matches(Event(type)), matches);
}

void MatcherTest::patternsAgreeWithRegularExpressions()
{
    QRandomGenerator random(2026);
    const auto text = [&random](QStringView alphabet, int longest) {
        QString made;
        for (int left = random.bounded(longest + 1); left > 0; --left)
            made += alphabet[random.bounded(int(alphabet.size()))];
        return made;
    };
    int matching = 0;
    for (int n = 0; n < 20000; ++n) {
        const QString pattern = text(u"ab.*?", 8);
        QString expression = pattern;
        expression.replace(u'.', u"\\."_s);
        expression.replace(u'?', u"[^.]"_s);
        expression.replace(QRegularExpression(u"\\*\\*+"_s), u"#"_s);
        expression.replace(u'*', u"[^.]*"_s);
        expression.replace(u'#', u".*"_s);
        const QRegularExpression regular(QRegularExpression::anchoredPattern(expression));
        const QString subject = text(u"ab.", 10);
        const bool matches = Pattern(pattern, u'.').matches(subject);
        matching += matches;
        QVERIFY2(matches == regular.match(subject).hasMatch(), qPrintable(pattern + u' ' + subject));
    }
    QVERIFY(matching > 500);
}

void MatcherTest::sourcesAndSubjects()
{
    Event event(u"t"_s);
    event.setSource(u"/app/window/1"_s);
    QVERIFY(Matcher::source(u"/app/*/1"_s).matches(event));
    QVERIFY(!Matcher::source(u"/app/*"_s).matches(event));
    QVERIFY(Matcher::source(u"/app/**"_s).matches(event));
    QVERIFY(Matcher::subject(QString()).matches(event));
    event.setSubject(u"file.txt"_s);
    QVERIFY(Matcher::subject(u"*.txt"_s).matches(event));
}

void MatcherTest::attributes()
{
    Event event(u"t"_s);
    event.setExtension(u"severity"_s, 3);
    event.setSubject(u"s"_s);
    QVERIFY(Matcher::attribute(u"severity"_s, 3).matches(event));
    QVERIFY(!Matcher::attribute(u"severity"_s, 4).matches(event));
    QVERIFY(Matcher::attribute(u"severity"_s).matches(event));
    QVERIFY(!Matcher::attribute(u"other"_s).matches(event));
    QVERIFY(Matcher::attribute(u"subject"_s, u"s"_s).matches(event));
    QVERIFY(Matcher::attribute(u"id"_s, event.id()).matches(event));
    QVERIFY(Matcher::attribute(u"time"_s, event.time()).matches(event));
    QVERIFY(!Matcher::attribute(u"dataschema"_s).matches(event));
}

void MatcherTest::dataByPointer_data()
{
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<bool>("matches");
    QTest::newRow("whole") << u""_s << QVariant() << true;
    QTest::newRow("key") << u"/name"_s << QVariant(u"x"_s) << true;
    QTest::newRow("another value") << u"/name"_s << QVariant(u"y"_s) << false;
    QTest::newRow("index") << u"/items/1/price"_s << QVariant(5) << true;
    QTest::newRow("number of another type") << u"/items/1/price"_s << QVariant(5.0) << true;
    QTest::newRow("no such index") << u"/items/2"_s << QVariant() << false;
    QTest::newRow("leading zero") << u"/items/01"_s << QVariant() << false;
    QTest::newRow("behind the end") << u"/items/-"_s << QVariant() << false;
    QTest::newRow("slash in a key") << u"/a~1b"_s << QVariant(1) << true;
    QTest::newRow("tilde in a key") << u"/m~0n"_s << QVariant(2) << true;
    QTest::newRow("not a pointer") << u"name"_s << QVariant() << false;
    QTest::newRow("bad escape") << u"/a~2"_s << QVariant() << false;
    QTest::newRow("json") << u"/json/list/0"_s << QVariant(true) << true;
    QTest::newRow("through a string") << u"/name/0"_s << QVariant() << false;
}

void MatcherTest::dataByPointer()
{
    QFETCH(QString, pointer);
    QFETCH(QVariant, value);
    QFETCH(bool, matches);
    const QJsonObject json{{u"list"_s, QJsonArray{true}}};
    const Event event(u"t"_s, QVariantMap{{u"name"_s, u"x"_s},
                                          {u"items"_s, QVariantList{1, QVariantMap{{u"price"_s, 5}}}},
                                          {u"a/b"_s, 1},
                                          {u"m~n"_s, 2},
                                          {u"json"_s, json}});
    QCOMPARE((value.isValid() ? Matcher::data(pointer, value) : Matcher::data(pointer)).matches(event), matches);
}

void MatcherTest::combinations()
{
    int asked = 0;
    const Matcher yes([&asked](const Event &) { return ++asked > 0; });
    const Matcher no = !yes;
    const Event event(u"t"_s);
    QVERIFY((yes && yes).matches(event));
    QVERIFY(!(yes && no).matches(event));
    QVERIFY((no || yes).matches(event));
    QVERIFY(Matcher().matches(event));
    QVERIFY(!Matcher(Matcher::Function()).matches(event));
    asked = 0;
    QVERIFY((yes || yes).matches(event));
    QVERIFY(!(no && yes).matches(event));
    QCOMPARE(asked, 2);
}

void MatcherTest::inWords()
{
    const Matcher matcher = (Matcher::type(u"ui.*"_s) || Matcher::attribute(u"severity"_s, 3))
                            && !(Matcher::source(u"/x"_s) && Matcher::data(u"/password"_s, u"secret"_s));
    QCOMPARE(
        matcher.toString(),
        u"(type \"ui.*\" or attribute \"severity\" has a value) and not (source \"/x\" and data \"/password\" has a value)"_s);
    QCOMPARE(Matcher().toString(), u"everything"_s);
}

QTEST_GUILESS_MAIN(MatcherTest)
#include "tst_matcher.moc"
