// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A spreadsheet whose author did not know of this library is used as people use it, and its events are looked at.

#include "ledgerevents.h"
#include "mainwindow.h"
#include "qanattest.h"

#include <Qanat/SignalSource>

#include <QtCore/qfile.h>
#include <QtCore/qitemselectionmodel.h>
#include <QtCore/qpointer.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qtemporarydir.h>
#include <QtGui/qaction.h>
#include <QtWidgets/qapplication.h>
#include <QtWidgets/qfiledialog.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qmessagebox.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qtableview.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

// Swallows what the platform of the tests, which has no window manager, says of each dialog.
QtMessageHandler handlerOfTheTest = nullptr;
void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    if (!text.contains(u"propagateSizeHints"))
        handlerOfTheTest(type, context, text);
}

// Written down once more, in other words than the matcher's.
bool isExcluded(const Event &event)
{
    return event.type() == u"log.debug" || event.type().contains(u"AboutToBe")
           || event.type() == u"sheet.layoutChanged";
}

QVariantMap cellAt(int row, int column)
{
    return {{u"row"_s, row}, {u"column"_s, column}};
}

// From above, so that nothing is overlooked on its way from one to the next.
bool isAtRest(const PipelineNode &node)
{
    return node.statistics.pending == 0 && std::all_of(node.targets.begin(), node.targets.end(), isAtRest);
}

QList<PipelineNode> allOf(const PipelineNode &node)
{
    QList<PipelineNode> nodes{node};
    for (const PipelineNode &target : node.targets)
        nodes += allOf(target);
    return nodes;
}

QList<QByteArray> linesOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QList<QByteArray> lines = file.readAll().split('\n');
    if (lines.last().isEmpty())
        lines.removeLast();
    return lines;
}

QStringList triggeredIn(const QList<Event> &events)
{
    QStringList names;
    for (const Event &event : events) {
        if (event.type() == u"action.triggered")
            names.append(event.subject());
    }
    return names;
}

// The application with its pipeline, and somebody in front of it.
class Session
{
public:
    Session()
    {
        // Everything, also what the filter excludes.
        events->add(&m_everything);
        subscription = connectLedger(*window, events.get(), filePath(), &channel,
                                     [this](const Event &event) { m_heard.append(event); });
        m_reader = std::thread([this] {
            for (const Event &event : channel)
                m_read.append(event);
        });
        window->show();
        activate();
    }
    ~Session()
    {
        // The reader goes on to the end of the channel.
        channel.discard();
        if (m_reader.joinable())
            m_reader.join();
    }
    Q_DISABLE_COPY_MOVE(Session)

    SheetModel *model() const { return window->model(); }
    QTableView *view() const { return window->findChild<QTableView *>(u"tableView"_s); }
    QString filePath(const QString &name = u"events.ndjson"_s) const { return m_folder.filePath(name); }

    // The rest of the application has its turn, as between two keys of a person.
    void pause()
    {
        QCoreApplication::processEvents();
        if (!waitUntil([this] { return !events || m_everything.recording()->count() >= events->statistics().written; }))
            qWarning("What was written does not arrive");
    }

    // A dialog that was closed leaves no window active here.
    void activate()
    {
        window->activateWindow();
        if (!waitUntil([this] { return window->isActiveWindow(); }))
            qWarning("The window does not become active");
    }

    void choose(int row, int column)
    {
        const QRect place = view()->visualRect(model()->index(row, column));
        QTest::mouseClick(view()->viewport(), Qt::LeftButton, {}, place.center());
        pause();
    }
    // Into the cell itself, whose editor appears with the first key.
    void type(int row, int column, const QString &text)
    {
        choose(row, column);
        QTest::keyClick(view(), text.front().toLatin1());
        QWidget *const editor = QApplication::focusWidget();
        QTest::keyClicks(editor, text.mid(1));
        QTest::keyClick(editor, Qt::Key_Return);
        pause();
    }
    // Into the line above the sheet.
    void typeAbove(int row, int column, const QString &text)
    {
        choose(row, column);
        auto *const edit = window->findChild<QLineEdit *>(u"formulaEdit"_s);
        QTest::mouseClick(edit, Qt::LeftButton);
        edit->selectAll();
        QTest::keyClicks(edit, text);
        QTest::keyClick(edit, Qt::Key_Return);
        pause();
    }
    // By its keys, where it has some.
    void act(const QString &name)
    {
        activate();
        auto *const action = window->findChild<QAction *>(name);
        if (action->shortcut().isEmpty())
            action->trigger();
        else
            QTest::keySequence(window.get(), action->shortcut());
        pause();
    }
    template<typename Dialog>
    Dialog *dialog(const QString &name) const
    {
        auto *const dialog = window->findChild<Dialog *>(name);
        if (!dialog)
            qFatal("There is no %ls", qUtf16Printable(name));
        return dialog;
    }
    void answer(const QString &name, QMessageBox::StandardButton button)
    {
        auto *const box = dialog<QMessageBox>(name);
        QTest::mouseClick(box->button(button), Qt::LeftButton);
        waitForEndOf(box);
    }
    void chooseFile(const QString &path)
    {
        auto *const files = dialog<QFileDialog>(u"fileDialog"_s);
        auto *const name = files->findChild<QLineEdit *>(u"fileNameEdit"_s);
        name->setText(path);
        QTest::keyClick(name, Qt::Key_Return);
        waitForEndOf(files);
    }
    void cancelFile()
    {
        auto *const files = dialog<QFileDialog>(u"fileDialog"_s);
        QTest::keyClick(files, Qt::Key_Escape);
        waitForEndOf(files);
    }
    void waitForEndOf(const QPointer<QDialog> &dialog)
    {
        pause();
        if (dialog)
            qWarning("The dialog does not go away");
    }

    // Ends the pipeline, and compares what came out of it. What arrived is there afterwards.
    void end();
    // Of those that arrived.
    QList<Event> arrived(const QString &type) const
    {
        QList<Event> found = arrivedEvents;
        found.removeIf([&type](const Event &event) { return event.type() != type; });
        return found;
    }
    Event firstOf(const QString &type, const QString &subject = {}) const
    {
        for (const Event &event : arrived(type)) {
            if (event.subject() == subject)
                return event;
        }
        return {};
    }
    QVariantMap dataOf(const QString &type) const { return firstOf(type).data().toMap(); }

    // Of all that happened.
    qsizetype happened(const QString &type) const
    {
        const QList<Event> all = m_everything.recording()->events();
        return std::count_if(all.begin(), all.end(), [&type](const Event &event) { return event.type() == type; });
    }

    std::unique_ptr<MainWindow> window = std::make_unique<MainWindow>();
    Channel channel;
    std::unique_ptr<Broadcaster> events = std::make_unique<Broadcaster>();
    Subscription subscription;
    QList<Event> arrivedEvents;

private:
    QTemporaryDir m_folder;
    RecordingSink m_everything;
    QList<Event> m_heard;
    std::thread m_reader;
    QList<Event> m_read; // The reader's, as long as that runs.
};

void Session::end()
{
    // Those that are closed are not in the picture any more.
    QANAT_WAIT(isAtRest(events->pipeline()));
    const PipelineNode pipeline = events->pipeline();
    const QFuture<CloseResult> closing = events->close();
    QANAT_FINISH(closing);
    QVERIFY2(closing.result().isClean(), qPrintable(closing.result().worst().errorText()));
    m_reader.join();
    arrivedEvents = m_read;

    const QList<Event> everything = m_everything.recording()->events();
    for (const Event &event : everything)
        QVERIFY2(event.isPortable(), qPrintable(event.type() + u": "_s + event.portabilityError()));
    QList<Event> expected = everything;
    expected.removeIf(isExcluded);
    QCOMPARE(idsOf(m_read), idsOf(expected));
    QCOMPARE(m_read, expected);
    QCOMPARE(m_heard, expected);

    const QList<QByteArray> lines = linesOf(filePath());
    QCOMPARE(lines.size(), expected.size());
    for (qsizetype i = 0; i < lines.size(); ++i) {
        QCOMPARE(lines[i], expected[i].toJson().value());
        const Result<Event> read = Event::fromJson(lines[i]);
        QVERIFY2(read, qPrintable(read.errorText()));
        QCOMPARE(read->id(), expected[i].id());
        QCOMPARE(read->toJson().value(), lines[i]);
    }

    const auto line = [](const QString &kind, qint64 written, qint64 filtered) {
        return u"%1: %2 written, %3 filtered"_s.arg(kind).arg(written).arg(filtered);
    };
    QStringList counted;
    for (const PipelineNode &node : allOf(pipeline)) {
        QVERIFY2(node.statistics.isBalanced() && node.statistics.dropped == 0, qPrintable(pipeline.toString()));
        counted.append(line(node.kind, node.statistics.written, node.statistics.filtered));
    }
    const qsizetype all = everything.size();
    const qsizetype wanted = expected.size();
    QCOMPARE(counted, (QStringList{line(u"Broadcaster"_s, all, 0), line(u"RecordingSink"_s, all, 0),
                                   line(u"Queue"_s, all, all - wanted), line(u"Filter"_s, all, all - wanted),
                                   line(u"Broadcaster"_s, wanted, 0), line(u"Queue"_s, wanted, 0),
                                   line(u"FileSink"_s, wanted, 0), line(u"Channel"_s, wanted, 0),
                                   line(u"Listener"_s, wanted, 0)}));
    QCOMPARE(subscription.statistics().delivered, expected.size());
    QCOMPARE(subscription.statistics().pending, 0);
    QVERIFY(subscription.statistics().isBalanced());
    QCOMPARE(channel.statistics().delivered, expected.size());
    QANAT_BALANCED(channel);
}

} // namespace

class LedgerTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void theWiringIsShort();
    void everyActionArrives();
    void whatIsTypedArrives();
    void aFormulaThatFails();
    void rowsAndColumns();
    void undoAndRedo();
    void sorting();
    void savingAndOpening();
    void aFileThatIsNotThere();
    void whatIsExcludedDoesNotArrive();
    void theRestOfTheWindow();
    void manyEdits();
    void afterTheEndItIsTheSameApplication();
    void eitherGoesFirst_data();
    void eitherGoesFirst();
};

void LedgerTest::initTestCase()
{
    handlerOfTheTest = qInstallMessageHandler(handle);
    // The first boxes of a process make Qt read icons and styles from the disk, which takes it 20 ms, with us or without.
    for (const QMessageBox::Icon icon : {QMessageBox::Information, QMessageBox::Warning, QMessageBox::Question}) {
        QMessageBox box(icon, u"first"_s, u"first"_s, QMessageBox::Ok | QMessageBox::Cancel | QMessageBox::Discard);
        box.show();
        QVERIFY(QTest::qWaitForWindowExposed(&box));
        box.close();
    }
}

void LedgerTest::theWiringIsShort()
{
    const QList<QByteArray> lines = linesOf(QStringLiteral(LEDGER_WIRING));
    const auto first = std::find_if(lines.begin(), lines.end(),
                                    [](const QByteArray &line) { return line.contains(" connectLedger("); });
    const auto last = std::find(first, lines.end(), "}");
    QVERIFY(last != lines.end());
    QVERIFY2(last - first + 1 < 20, qPrintable(u"%1 lines"_s.arg(last - first + 1)));
}

void LedgerTest::everyActionArrives()
{
    Session session;
    session.type(1, 1, u"5"_s);
    const QStringList names{u"undoAction"_s,      u"redoAction"_s,           u"insertRowAction"_s,
                            u"removeRowAction"_s, u"insertColumnAction"_s,   u"removeColumnAction"_s,
                            u"sortAction"_s,      u"sortDescendingAction"_s, u"clearAction"_s,
                            u"findAction"_s};
    for (const QString &name : names)
        session.act(name);
    session.act(u"aboutAction"_s);
    session.answer(u"aboutBox"_s, QMessageBox::Ok);
    session.act(u"openAction"_s);
    session.answer(u"unsavedBox"_s, QMessageBox::Cancel);
    session.act(u"newAction"_s);
    session.answer(u"unsavedBox"_s, QMessageBox::Discard);
    endHeartbeat(); // See savingAndOpening().
    for (const QString &name : {u"saveAction"_s, u"saveAsAction"_s}) {
        session.act(name);
        session.cancelFile();
    }
    session.act(u"quitAction"_s);
    QVERIFY(!session.window->isVisible());
    session.end();

    const QStringList others{u"aboutAction"_s, u"openAction"_s,   u"newAction"_s,
                             u"saveAction"_s,  u"saveAsAction"_s, u"quitAction"_s};
    QCOMPARE(triggeredIn(session.arrivedEvents), names + others);
    QStringList missing;
    for (const QAction *action : session.window->findChildren<QAction *>(QRegularExpression(u"Action$"_s))) {
        if (!triggeredIn(session.arrivedEvents).contains(action->objectName()))
            missing.append(action->objectName());
    }
    QCOMPARE(missing, QStringList());
    QCOMPARE(session.arrived(u"action.triggered"_s).value(0).data().toMap(), (QVariantMap{{u"checked"_s, false}}));
}

void LedgerTest::whatIsTypedArrives()
{
    Session session;
    session.type(2, 1, u"12"_s);
    session.typeAbove(3, 1, u"=B3*2"_s);
    session.type(2, 1, u"20"_s);
    session.end();

    const QList<Event> edits = session.arrived(u"sheet.cellEdited"_s);
    QCOMPARE(edits.size(), 3);
    QCOMPARE(edits[1].data().toMap()[u"input"_s], QVariant(u"=B3*2"_s));
    QCOMPARE(edits[1].data().toMap()[u"address"_s].value<CellAddress>(), (CellAddress{3, 1}));
    QCOMPARE(edits[1].dataToJson().value(), R"({"address":{"column":1,"name":"B4","row":3},"input":"=B3*2"})");
    // Each edit, and the formula each time.
    QList<QVariant> changed;
    for (const Event &event : session.arrived(u"sheet.dataChanged"_s)) {
        const QVariantMap data = event.data().toMap();
        QCOMPARE(data[u"bottomRight"_s], data[u"topLeft"_s]);
        QCOMPARE(data[u"roles"_s].toList(), QVariantList());
        changed.append(data[u"topLeft"_s]);
    }
    QCOMPARE(changed, (QList<QVariant>{cellAt(2, 1), cellAt(3, 1), cellAt(3, 1), cellAt(2, 1), cellAt(3, 1)}));
    QCOMPARE(session.dataOf(u"sheet.recalculated"_s), (QVariantMap{{u"cells"_s, 1}}));
}

void LedgerTest::aFormulaThatFails()
{
    Session session;
    QTest::ignoreMessage(QtWarningMsg, R"(formula in "C1" failed: "division by zero")");
    session.type(0, 2, u"=1/0"_s);
    session.end();

    QCOMPARE(session.dataOf(u"sheet.formulaFailed"_s),
             (QVariantMap{{u"cell"_s, u"C1"_s}, {u"reason"_s, u"division by zero"_s}}));
    const Event warning = session.firstOf(u"log.warning"_s, u"sheet.model"_s);
    const QVariantMap data = warning.data().toMap();
    QCOMPARE(data[u"category"_s], QVariant(u"sheet.model"_s));
    QCOMPARE(data[u"message"_s], QVariant(uR"(formula in "C1" failed: "division by zero")"_s));
    QVERIFY(data[u"file"_s].toString().endsWith(u"sheetmodel.cpp"));
}

void LedgerTest::rowsAndColumns()
{
    Session session;
    session.choose(4, 2);
    for (const QString &name :
         {u"insertRowAction"_s, u"insertColumnAction"_s, u"removeRowAction"_s, u"removeColumnAction"_s})
        session.act(name);
    session.end();

    const QVariantMap row{{u"parent"_s, cellAt(-1, -1)}, {u"first"_s, 4}, {u"last"_s, 4}};
    QCOMPARE(session.dataOf(u"sheet.rowsInserted"_s), row);
    QCOMPARE(session.arrived(u"sheet.rowsRemoved"_s).size(), 1);
    QCOMPARE(session.arrived(u"sheet.columnsInserted"_s).size(), 1);
    QCOMPARE(session.arrived(u"sheet.columnsRemoved"_s).size(), 1);
    QCOMPARE(session.dataOf(u"sheet.dataChanged"_s)[u"topLeft"_s], QVariant(cellAt(0, 0)));
    QCOMPARE(session.dataOf(u"sheet.dataChanged"_s)[u"bottomRight"_s], QVariant(cellAt(20, 7)));
}

void LedgerTest::undoAndRedo()
{
    Session session;
    session.type(0, 0, u"a"_s);
    session.act(u"undoAction"_s);
    session.act(u"redoAction"_s);
    session.act(u"insertRowAction"_s);
    session.act(u"undoAction"_s);
    session.end();

    QStringList inputs;
    for (const Event &event : session.arrived(u"sheet.cellEdited"_s))
        inputs.append(event.data().toMap()[u"input"_s].toString());
    QCOMPARE(inputs, (QStringList{u"a"_s, QString(), u"a"_s}));
    QCOMPARE(session.dataOf(u"sheet.rowsRemoved"_s), session.dataOf(u"sheet.rowsInserted"_s));
    QCOMPARE(triggeredIn(session.arrivedEvents),
             (QStringList{u"undoAction"_s, u"redoAction"_s, u"insertRowAction"_s, u"undoAction"_s}));
}

void LedgerTest::sorting()
{
    Session session;
    session.type(0, 0, u"1"_s);
    session.type(1, 0, u"2"_s);
    session.act(u"sortDescendingAction"_s);
    session.end();

    const Event sorted = session.firstOf(u"sheet.sorted"_s);
    QCOMPARE(sorted.data().toMap()[u"order"_s].value<Qt::SortOrder>(), Qt::DescendingOrder);
    QCOMPARE(sorted.dataToJson().value(), R"({"column":0,"order":1})");
    QCOMPARE(session.model()->index(0, 0).data(), QVariant(u"2"_s));
}

void LedgerTest::savingAndOpening()
{
    Session session;
    const QString path = session.filePath(u"sheet.csv"_s);
    session.type(0, 0, u"7"_s);
    // Qt takes 5 to 15 ms to make a file dialog, and 20 to 40 ms to destroy one: it waits for a thread of its own. And the
    // application saves in this thread, up to the disk.
    endHeartbeat();
    session.act(u"saveAction"_s);
    session.chooseFile(path);
    QVERIFY(QFile::exists(path));
    session.act(u"newAction"_s);
    session.act(u"openAction"_s);
    session.chooseFile(path);
    QCOMPARE(session.model()->index(0, 0).data(), QVariant(u"7"_s));
    session.end();

    const QVariantList expected{path, QString(), path};
    for (const QString &type : {u"sheet.fileNameChanged"_s, u"sheet.fileName"_s}) {
        QVariantList names;
        for (const Event &event : session.arrived(type))
            names.append(event.data().toMap()[u"fileName"_s]);
        QCOMPARE(names, expected);
    }
    const QList<Event> infos = session.arrived(u"log.info"_s);
    QCOMPARE(infos.size(), 2);
    for (const Event &event : infos)
        QCOMPARE(event.subject(), u"sheet.file"_s);
    QCOMPARE(infos[0].data().toMap()[u"message"_s], QVariant(u"saved 1 rows to \"%1\""_s.arg(path)));
    QCOMPARE(infos[1].data().toMap()[u"message"_s], QVariant(u"loaded 1 rows from \"%1\""_s.arg(path)));
    QCOMPARE(session.arrived(u"sheet.modelReset"_s).size(), 2);
}

void LedgerTest::aFileThatIsNotThere()
{
    Session session;
    const QString path = session.filePath(u"nothing.csv"_s);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"Load failed for .*nothing.csv"_s));
    QVERIFY(!session.window->openFile(path));
    session.pause();
    session.end();

    const Event failed = session.firstOf(u"sheet.fileFailed"_s);
    QVariantMap data = failed.data().toMap();
    QCOMPARE(data[u"operation"_s].value<SheetModel::FileOperation>(), SheetModel::FileOperation::Load);
    QCOMPARE(data[u"fileName"_s], QVariant(path));
    QVERIFY(!data[u"reason"_s].toString().isEmpty());
    QVERIFY(failed.dataToJson().value().contains(R"("operation":0)"));
    const Event warning = session.firstOf(u"log.warning"_s, u"sheet.file"_s);
    QCOMPARE(warning.data().toMap()[u"category"_s], QVariant(u"sheet.file"_s));
    QVERIFY(warning.data().toMap()[u"message"_s].toString().contains(path));
}

void LedgerTest::whatIsExcludedDoesNotArrive()
{
    Session session;
    session.type(0, 0, u"1"_s);
    session.type(1, 0, u"2"_s);
    session.act(u"insertRowAction"_s);
    session.act(u"insertColumnAction"_s);
    session.act(u"sortDescendingAction"_s);
    session.end();

    const QStringList excluded{u"log.debug"_s, u"sheet.rowsAboutToBeInserted"_s, u"sheet.columnsAboutToBeInserted"_s,
                               u"sheet.layoutAboutToBeChanged"_s, u"sheet.layoutChanged"_s};
    for (const QString &type : excluded) {
        QVERIFY2(session.happened(type) > 0, qPrintable(type));
        QVERIFY2(session.arrived(type).isEmpty(), qPrintable(type));
    }
}

// More than anybody wants to hear of: whatever Qt's own widgets tell can leave the process.
void LedgerTest::theRestOfTheWindow()
{
    Session session;
    for (QWidget *widget : session.window->findChildren<QWidget *>())
        connectAllSignals(widget, session.events.get(), u"widget"_s);
    connectAllSignals(session.view()->selectionModel(), session.events.get(), u"selection"_s);
    auto *const sort = session.window->findChild<QAction *>(u"sortAction"_s);
    connectProperty(sort, "shortcut", session.events.get(), u"action.shortcut"_s);
    session.type(0, 0, u"1"_s);
    session.choose(2, 2);
    session.act(u"insertRowAction"_s);
    sort->setShortcut(QKeySequence(u"Ctrl+J"_s));
    session.end();

    QVERIFY(session.arrived(u"widget.textEdited"_s).isEmpty()); // Nobody has typed above the sheet.
    QVERIFY(!session.arrived(u"widget.textChanged"_s).isEmpty());
    QVERIFY(!session.arrived(u"selection.selectionChanged"_s).isEmpty());
    const QList<Event> shortcuts = session.arrived(u"action.shortcut"_s);
    QCOMPARE(shortcuts.size(), 1);
    QCOMPARE(shortcuts[0].data(), QVariant(QVariantMap{{u"shortcut"_s, u"Ctrl+J"_s}}));
}

void LedgerTest::manyEdits()
{
    Session session;
    constexpr int Edits = 200;
    for (int i = 0; i < Edits; ++i)
        session.type(i % 10, i % 4, QString::number(i + 1));
    session.end();
    QCOMPARE(session.arrived(u"sheet.cellEdited"_s).size(), Edits);
}

void LedgerTest::afterTheEndItIsTheSameApplication()
{
    Session session;
    session.type(0, 0, u"1"_s);
    session.end();
    const qint64 before = session.events->statistics().written;
    session.type(0, 0, u"2"_s);
    session.act(u"undoAction"_s);
    QCOMPARE(session.model()->index(0, 0).data(), QVariant(u"1"_s));
    QCOMPARE(session.events->statistics().written, before);
}

void LedgerTest::eitherGoesFirst_data()
{
    QTest::addColumn<QString>("first");
    QTest::newRow("the window") << u"window"_s;
    QTest::newRow("the pipeline") << u"pipeline"_s;
    QTest::newRow("the pipeline, not closed") << u"unclosed"_s;
    QTest::newRow("the pipeline with the window") << u"child"_s;
}

void LedgerTest::eitherGoesFirst()
{
    QFETCH(const QString, first);
    Session session;
    session.type(0, 0, u"1"_s);
    const QPointer<Broadcaster> events = session.events.get();
    if (first == u"window") {
        session.window.reset();
        QVERIFY(!session.subscription.isActive());
        qInfo("still heard");
        QANAT_FINISH(session.events->close());
        QVERIFY(linesOf(session.filePath()).last().contains("still heard"));
    } else if (first == u"pipeline") {
        session.end();
        session.events.reset();
        session.type(0, 0, u"2"_s);
        session.window.reset();
    } else if (first == u"unclosed") {
        session.events.reset();
        session.type(0, 0, u"2"_s);
        session.window.reset();
    } else {
        session.events.release()->setParent(session.window.get());
        session.window.reset();
        QVERIFY(!events);
    }
    QVERIFY(!session.subscription.isActive());
}

QTEST_MAIN(LedgerTest)

#include "tst_ledger.moc"
