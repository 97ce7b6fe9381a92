// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "descriptor.h"
#include "linereader.h"

#include <QtCore/qfile.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qtemporaryfile.h>
#include <QtTest/qtest.h>

#include <unistd.h>

using namespace Qt::StringLiterals;
using Relay::LineReader;
using Relay::WakeUpPipe;

class tst_RelayLineReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void splits_data();
    void splits();
    void splitsAtTheEdgesOfPieces();
    void passesOverWhatIsTooLong();
    void namesALineWithoutAnEnd();
    void stopsWhileItWaits();
};

namespace {

// Each line, or "!" for one that is too long.
QByteArrayList linesOf(const QByteArray &content)
{
    QTemporaryFile file;
    auto stop = WakeUpPipe::make();
    if (!file.open() || !stop || file.write(content) != content.size() || !file.seek(0))
        return {"the test itself failed"};
    LineReader reader(file.handle(), stop->readEnd.number());
    QByteArrayList lines;
    for (;;) {
        switch (reader.next()) {
        case LineReader::Item::Line:
            lines.append(reader.line().toByteArray());
            break;
        case LineReader::Item::TooLong:
            lines.append("!");
            break;
        case LineReader::Item::End:
            return reader.number() == lines.size() ? lines : QByteArrayList{"wrong number"};
        case LineReader::Item::Stopped:
        case LineReader::Item::Failed:
            return {"wrong end"};
        }
    }
}

} // namespace

void tst_RelayLineReader::splits_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArrayList>("lines");
    QTest::newRow("nothing") << QByteArray() << QByteArrayList();
    QTest::newRow("one") << QByteArray("a\n") << QByteArrayList{"a"};
    QTest::newRow("without an end") << QByteArray("a\nb") << QByteArrayList{"a", "b"};
    QTest::newRow("empty ones") << QByteArray("\n\na\n\n") << QByteArrayList{"", "", "a", ""};
    QTest::newRow("crlf") << QByteArray("a\r\nb\r\n\r\nc\r") << QByteArrayList{"a", "b", "", "c"};
    QTest::newRow("cr within") << QByteArray("a\rb\n") << QByteArrayList{"a\rb"};
    QTest::newRow("nul within") << QByteArray("a\0b\n", 4) << QByteArrayList{QByteArray("a\0b", 3)};
    QTest::newRow("byte order mark") << QByteArray("\xef\xbb\xbf{}\n\xef\xbb\xbf\n")
                                     << QByteArrayList{"{}", "\xef\xbb\xbf"};
}

void tst_RelayLineReader::splits()
{
    QFETCH(const QByteArray, content);
    QFETCH(const QByteArrayList, lines);
    QCOMPARE(linesOf(content), lines);
}

void tst_RelayLineReader::splitsAtTheEdgesOfPieces()
{
    for (const int length : {65533, 65534, 65535, 65536, 65537, 131071, 131072, 131073}) {
        const QByteArrayList lines = {QByteArray(length, 'x'), "y", QByteArray(length, 'z'), "end"};
        QCOMPARE(linesOf(lines.join('\n')), lines);
        QCOMPARE(linesOf(lines.join("\r\n") + "\r\n"), lines);
    }
}

void tst_RelayLineReader::passesOverWhatIsTooLong()
{
    const QByteArray longest(LineReader::MaximumLength, 'x');
    QVERIFY(linesOf("a\n" + longest + "\nb\n") == (QByteArrayList{"a", longest, "b"}));
    QVERIFY(linesOf("a\n" + longest + "\r\nb\n") == (QByteArrayList{"a", longest, "b"}));
    QVERIFY(linesOf("a\n" + longest + "x\nb\n") == (QByteArrayList{"a", "!", "b"}));
    QVERIFY(linesOf("a\n" + longest + longest + "x\nb\n") == (QByteArrayList{"a", "!", "b"}));
    QVERIFY(linesOf("a\n" + longest + longest) == (QByteArrayList{"a", "!"}));
}

// When it is too long, and not only when it ends, which may be never.
void tst_RelayLineReader::namesALineWithoutAnEnd()
{
    QFile zeros(u"/dev/zero"_s);
    auto stop = WakeUpPipe::make();
    QVERIFY(zeros.open(QIODevice::ReadOnly) && stop);
    LineReader reader(zeros.handle(), stop->readEnd.number());
    QCOMPARE(reader.next(), LineReader::Item::TooLong);
    QCOMPARE(reader.number(), 1);
    QCOMPARE(::write(stop->writeEnd.number(), "", 1), 1);
    QCOMPARE(reader.next(), LineReader::Item::Stopped);
    QCOMPARE(reader.number(), 1);
}

void tst_RelayLineReader::stopsWhileItWaits()
{
    auto input = WakeUpPipe::make();
    auto stop = WakeUpPipe::make();
    QVERIFY(input && stop);
    LineReader reader(input->readEnd.number(), stop->readEnd.number());
    QCOMPARE(::write(input->writeEnd.number(), "a\nb", 3), 3);
    QCOMPARE(reader.next(), LineReader::Item::Line);
    QCOMPARE(::write(stop->writeEnd.number(), "", 1), 1);
    QCOMPARE(reader.next(), LineReader::Item::Stopped);
}

QTEST_GUILESS_MAIN(tst_RelayLineReader)
#include "tst_relaylinereader.moc"
