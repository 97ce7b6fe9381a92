// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <monitor/filetail.h>
#include <monitor/follower.h>

#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Monitor::FileTail;
using Monitor::Follower;

namespace {

[[nodiscard]] bool append(const QString &path, const QByteArray &bytes, QIODevice::OpenMode mode = QIODevice::Append)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | mode) && file.write(bytes) == bytes.size();
}

// Events of a file that is followed, as they arrive at a sink.
struct Following
{
    explicit Following(const QByteArray &begin)
    {
        isReady = append(path, begin);
        auto opened = Follower::open(path, Relay::StandardInput::Closed);
        isReady = isReady && opened;
        follower = std::move(opened).value();
        follower->start(&sink);
    }
    ~Following() { sink.discard(); }
    [[nodiscard]] bool arrives(const QStringList &texts)
    {
        return waitUntil([&] {
            QStringList arrived;
            for (const Event &event : sink.recording()->events())
                arrived.append(event.data().toString());
            return arrived == texts;
        });
    }

    const QTemporaryDir folder;
    const QString path = folder.filePath(u"events.jsonl"_s);
    RecordingSink sink;
    std::unique_ptr<Follower> follower;
    bool isReady = false;
};

} // namespace

class FileTailTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void readsWhatIsThereAndWhatIsAppended();
    void waitsForTheEndOfALine();
    void beginsAnewWhereTheFileWasCut();
    void goesOnWithTheFileInItsPlace();
    void losesNothingWhereTheFileIsReplaced();
    void namesBadLines();
    void namesAFileThatIsNotThere();
    void endsWhileNobodyReads();
};

void FileTailTest::readsWhatIsThereAndWhatIsAppended()
{
    Following f("\"one\"\n\"two\"\n");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s, u"two"_s}));
    QVERIFY(append(f.path, "\"three\"\n"));
    QVERIFY(f.arrives({u"one"_s, u"two"_s, u"three"_s}));
    QCOMPARE(f.follower->read(), 3);
    QCOMPARE(f.follower->rejected(), 0);
}

void FileTailTest::waitsForTheEndOfALine()
{
    Following f("\"one\"\n\"tw");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s}));
    QVERIFY(append(f.path, "o\"\n"));
    QVERIFY(f.arrives({u"one"_s, u"two"_s}));
}

void FileTailTest::beginsAnewWhereTheFileWasCut()
{
    Following f("\"one\"\n\"two\"\n");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s, u"two"_s}));
    QVERIFY(append(f.path, "\"new\"\n", QIODevice::Truncate));
    QVERIFY(f.arrives({u"one"_s, u"two"_s, u"new"_s}));
}

void FileTailTest::goesOnWithTheFileInItsPlace()
{
    Following f("\"one\"\n");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s}));
    QVERIFY(QFile::rename(f.path, f.path + u".1"_s));
    QVERIFY(append(f.path, "\"two\"\n"));
    QVERIFY(f.arrives({u"one"_s, u"two"_s}));
}

void FileTailTest::losesNothingWhereTheFileIsReplaced()
{
    Following f("\"one\"\n");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s}));
    // All before it looks again; and the last line of the old one has no end.
    QVERIFY(append(f.path, "\"two\"\n\"three\""));
    QVERIFY(QFile::rename(f.path, f.path + u".1"_s));
    QVERIFY(append(f.path, "\"four\"\n"));
    QVERIFY(f.arrives({u"one"_s, u"two"_s, u"three"_s, u"four"_s}));
    QVERIFY(append(f.path, "\"half\""));
    QVERIFY(f.arrives({u"one"_s, u"two"_s, u"three"_s, u"four"_s}));
    QVERIFY(append(f.path, "\"n\"\n", QIODevice::Truncate));
    QVERIFY(waitUntil([&] {
        return !f.sink.recording()->events().isEmpty()
               && f.sink.recording()->events().constLast().data().toString() == u"n"_s;
    }));
}

void FileTailTest::namesBadLines()
{
    Following f("\"one\"\nnonsense\n\n{\"specversion\":\"1.0\"}\n\"two\"\n");
    QVERIFY(f.isReady);
    QVERIFY(f.arrives({u"one"_s, u"two"_s}));
    QCOMPARE(f.follower->rejected(), 2);
    QCOMPARE(f.follower->read(), 4);
}

void FileTailTest::namesAFileThatIsNotThere()
{
    const auto opened = FileTail::open(u"/nonexistent/events"_s);
    QVERIFY(!opened);
    QVERIFY2(opened.errorText().startsWith(u"/nonexistent/events: "_s), qPrintable(opened.errorText()));
    QVERIFY(!Follower::open(u"-"_s, Relay::StandardInput::Closed));
}

void FileTailTest::endsWhileNobodyReads()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"long"_s);
    QVERIFY(append(path, QByteArray(1024 * 1024, 'x')));
    const auto opened = FileTail::open(path);
    QVERIFY(opened);
}

QTEST_GUILESS_MAIN(FileTailTest)

#include "tst_filetail.moc"
