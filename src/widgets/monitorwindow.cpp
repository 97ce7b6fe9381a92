// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/monitorwindow.h"

#include "Qanat/core/broadcaster.h"
#include "Qanat/core/deadletters.h"
#include "Qanat/core/pipelinemodel.h"
#include "Qanat/core/prometheustext.h"
#include "Qanat/core/sink.h"
#include "Qanat/core/storeddeadletters.h"
#include "Qanat/widgets/deadlettersview.h"
#include "Qanat/widgets/eventlogmodel.h"
#include "Qanat/widgets/eventlogview.h"
#include "Qanat/widgets/ratesmodel.h"
#include "Qanat/widgets/ratesview.h"
#include "Qanat/widgets/topologyview.h"
#include "shortened_p.h"
#include "sinkactions_p.h"
#include "statisticsdialog_p.h"
#include "topologybox_p.h"
#include "troublelabel_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qhash.h>
#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qsettings.h>
#include <QtCore/qtimer.h>
#include <QtGui/qaction.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qmenu.h>
#include <QtWidgets/qmenubar.h>
#include <QtWidgets/qsplitter.h>
#include <QtWidgets/qstatusbar.h>
#include <QtWidgets/qtabwidget.h>
#include <QtWidgets/qtoolbar.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

constexpr int RefreshInterval = 500; // ms

QString grouped(qint64 number)
{
    return QLocale().toString(number);
}

const QObject *lettersOf(const DeadLettersView &view)
{
    return view.letters() ? static_cast<const QObject *>(view.letters()) : view.storedLetters();
}

// What is stored is known by its queue, or by what the user made around that; a broadcaster has many.
QString nameOf(const QObject *letters)
{
    while (letters && letters->objectName().isEmpty()) {
        const auto *const outside = qobject_cast<const Sink *>(letters->parent());
        letters = qobject_cast<const Broadcaster *>(outside) ? nullptr : outside;
    }
    return letters ? letters->objectName() : QString();
}

} // namespace

class MonitorWindowPrivate
{
public:
    MonitorWindowPrivate(MonitorWindow *window, Sink *sink)
        : q(window)
        , root(sink)
        , pipeline(new PipelineModel(window))
        , log(new EventLogModel(sink, window))
        , rates(new RatesModel(pipeline, window))
        , topology(new TopologyView(pipeline, window))
        , logView(new EventLogView(log, window))
        , ratesView(new RatesView(rates, window))
        , trouble(new TroubleLabel(pipeline, window))
        , detail(new QLabel(window))
        , parts(new QSplitter(Qt::Vertical, window))
        , tabs(new QTabWidget(window))
        , totals(new QLabel(window))
        , actions(new SinkActions(pipeline, window))
        , timer(window)
    {
    }

    void build();
    void buildMenus();
    QMenu *addMenu(const QString &name, const QString &title);
    QAction *addAction(QMenu *menu, const QString &name, const QString &text, const QKeySequence &key,
                       const std::function<void()> &go);
    void showTab(QWidget *tab);
    void choose(const QModelIndex &index);

    // Dead letters
    void followDeadLetters();
    void addDeadLetters(DeadLettersView *view);
    void dropDeadLetters(DeadLettersView *view);
    Sink *whoGaveUp(const DeadLetter &letter);
    void showDeadLetterCounts();

    double rateOf(const QModelIndex &index) const;
    void showDetail();
    [[nodiscard]] qint64 pendingAt(const QModelIndex &index) const;
    void showTotals();
    [[nodiscard]] bool isRemembered() const
    {
        return !group.isEmpty() && !QCoreApplication::organizationName().isEmpty();
    }
    void restore();
    void save() const;

    MonitorWindow *const q;
    const QPointer<Sink> root;
    PipelineModel *const pipeline;
    EventLogModel *const log;
    RatesModel *const rates;
    TopologyView *const topology;
    EventLogView *const logView;
    RatesView *const ratesView;
    TroubleLabel *const trouble;
    QLabel *const detail;
    QSplitter *const parts;
    QTabWidget *const tabs;
    QLabel *const totals;
    SinkActions *const actions;
    QLabel *noLetters = nullptr;
    QList<DeadLettersView *> letterViews;
    QHash<quintptr, QPointer<Sink>> givers; // Until the next look.
    QPersistentModelIndex shown; // What the detail is about.
    QByteArray letterState; // For views that come later.
    QTimer timer;
    QString group = u"Qanat/MonitorWindow"_s;
    bool isRestored = false;
};

void MonitorWindowPrivate::build()
{
    topology->setObjectName(u"topology"_s);
    logView->setObjectName(u"log"_s);
    ratesView->setObjectName(u"rates"_s);
    tabs->setObjectName(u"tabs"_s);
    tabs->setDocumentMode(true);
    detail->setObjectName(u"detail"_s);
    detail->setAccessibleName(MonitorWindow::tr("The sink that is chosen"));
    detail->setTextFormat(Qt::RichText);
    detail->setTextInteractionFlags(Qt::TextSelectableByMouse);
    detail->setWordWrap(true);
    detail->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    totals->setObjectName(u"totals"_s);

    auto *const above = new QWidget(q);
    auto *const layout = new QVBoxLayout(above);
    layout->setContentsMargins(9, 6, 9, 6);
    layout->addWidget(trouble);
    layout->addWidget(topology, 1);
    layout->addWidget(detail);
    noLetters = new QLabel(MonitorWindow::tr("No sink of this pipeline keeps what it cannot deliver.\n"
                                             "Sink::setDeadLetterSink() with a DeadLetters does, and a DurableQueue."),
                           q);
    noLetters->setAlignment(Qt::AlignCenter);
    tabs->addTab(logView, MonitorWindow::tr("&Events"));
    tabs->addTab(ratesView, MonitorWindow::tr("Ra&tes"));
    tabs->addTab(noLetters, MonitorWindow::tr("Dead &Letters"));
    parts->setObjectName(u"parts"_s);
    parts->addWidget(above);
    parts->addWidget(tabs);
    parts->setSizes({400, 400});
    parts->setStretchFactor(0, 1);
    parts->setStretchFactor(1, 1);
    parts->setChildrenCollapsible(false);
    q->setCentralWidget(parts);
    q->statusBar()->addPermanentWidget(totals);
    buildMenus();

    QObject::connect(topology, &TopologyView::currentChanged, q, [this](const QModelIndex &index) { choose(index); });
    QObject::connect(topology, &TopologyView::activated, q, [this](const QModelIndex &index) {
        for (int row = 0; row < rates->rowCount(); ++row) {
            if (rates->pipelineIndex(row) == index)
                ratesView->selectRow(row);
        }
        showTab(ratesView);
    });
    QObject::connect(trouble, &TroubleLabel::chosen, topology, &TopologyView::setCurrentIndex);
    QObject::connect(actions, &SinkActions::told, q,
                     [this](const QString &news) { q->statusBar()->showMessage(news, 15'000); });
    QObject::connect(&timer, &QTimer::timeout, q, &MonitorWindow::refresh);
}

QAction *MonitorWindowPrivate::addAction(QMenu *menu, const QString &name, const QString &text, const QKeySequence &key,
                                         const std::function<void()> &go)
{
    auto *const action = new QAction(text, q);
    action->setObjectName(name);
    action->setShortcut(key);
    QObject::connect(action, &QAction::triggered, q, go);
    menu->addAction(action);
    return action;
}

QMenu *MonitorWindowPrivate::addMenu(const QString &name, const QString &title)
{
    QMenu *const menu = q->menuBar()->addMenu(title);
    menu->setObjectName(name);
    return menu;
}

void MonitorWindowPrivate::buildMenus()
{
    QMenu *const file = addMenu(u"fileMenu"_s, MonitorWindow::tr("&File"));
    QMenu *const edit = addMenu(u"editMenu"_s, MonitorWindow::tr("&Edit"));
    for (QAction *action : logView->actions()) {
        (action->objectName() == "save"_L1 ? file : edit)->addAction(action);
        // Wherever the focus is; what is copied is a matter of where.
        if (action->objectName() != "copy"_L1)
            action->setShortcutContext(Qt::WindowShortcut);
    }
    QObject::connect(logView->findChild<QAction *>(u"find"_s), &QAction::triggered, q, [this] {
        showTab(logView);
        logView->find();
    });
    addAction(file, u"statistics"_s, MonitorWindow::tr("Statistics as &Prometheus Text..."), {},
              [this] { q->showStatistics(); });
    file->addSeparator();
    addAction(file, u"close"_s, MonitorWindow::tr("&Close"), QKeySequence::Close, [this] { q->close(); });

    QMenu *const view = addMenu(u"viewMenu"_s, MonitorWindow::tr("&View"));
    addAction(view, u"showEvents"_s, MonitorWindow::tr("&Events"), Qt::CTRL | Qt::Key_1, [this] { showTab(logView); });
    addAction(view, u"showRates"_s, MonitorWindow::tr("&Rates"), Qt::CTRL | Qt::Key_2, [this] { showTab(ratesView); });
    addAction(view, u"showLetters"_s, MonitorWindow::tr("Dead &Letters"), Qt::CTRL | Qt::Key_3,
              [this] { showTab(tabs->widget(2)); });
    view->addSeparator();
    addAction(view, u"zoomIn"_s, MonitorWindow::tr("Zoom &In"), QKeySequence::ZoomIn, [this] { topology->zoomIn(); });
    addAction(view, u"zoomOut"_s, MonitorWindow::tr("Zoom &Out"), QKeySequence::ZoomOut,
              [this] { topology->zoomOut(); });
    addAction(view, u"fit"_s, MonitorWindow::tr("&Fit"), Qt::CTRL | Qt::Key_0, [this] { topology->fit(); });

    QMenu *const sink = addMenu(u"sinkMenu"_s, MonitorWindow::tr("&Sink"));
    sink->addActions(actions->actions());
    topology->addActions(actions->actions());
    topology->setContextMenuPolicy(Qt::ActionsContextMenu);
    auto *const bar = new QToolBar(MonitorWindow::tr("Sink"), q);
    bar->setObjectName(u"sinkBar"_s);
    bar->setToolButtonStyle(Qt::ToolButtonTextOnly);
    bar->addActions(actions->actions());
    q->addToolBar(bar);
}

void MonitorWindowPrivate::showTab(QWidget *tab)
{
    tabs->setCurrentWidget(tab);
    tab->setFocus(Qt::ShortcutFocusReason);
}

void MonitorWindowPrivate::choose(const QModelIndex &index)
{
    actions->setIndex(index);
    showDetail();
}

// Any sink may get another dead-letter sink at any time, and tells nobody.
void MonitorWindowPrivate::followDeadLetters()
{
    QList<DeadLetters *> kept;
    for (Sink *sink : pipeline->deadLetterSinks()) {
        if (auto *const letters = qobject_cast<DeadLetters *>(sink))
            kept.append(letters);
    }
    QList<StoredDeadLetters *> stored = pipeline->storedDeadLetters();
    const QList<DeadLettersView *> views = letterViews;
    for (DeadLettersView *view : views) {
        const bool isStored = stored.removeOne(view->storedLetters());
        kept.removeOne(view->letters());
        // What was given up before is still there to be looked at, as long as it is kept in memory. What is stored is kept anyway, and only its queue can read it.
        if (!view->letters() && !isStored)
            dropDeadLetters(view);
    }
    for (DeadLetters *letters : std::as_const(kept)) {
        auto *const view = new DeadLettersView(letters, q);
        view->setTarget([this](const DeadLetter &letter) { return whoGaveUp(letter); });
        addDeadLetters(view);
    }
    for (StoredDeadLetters *letters : std::as_const(stored))
        addDeadLetters(new DeadLettersView(letters, q));
    showDeadLetterCounts();
}

void MonitorWindowPrivate::addDeadLetters(DeadLettersView *view)
{
    view->setObjectName(u"letters"_s);
    view->restoreState(letterState);
    letterViews.append(view);
    const int old = tabs->indexOf(noLetters);
    const int place = tabs->addTab(view, QString());
    if (old < 0)
        return;
    const bool isCurrent = tabs->currentIndex() == old;
    tabs->removeTab(old);
    if (isCurrent)
        tabs->setCurrentIndex(place - 1);
}

void MonitorWindowPrivate::dropDeadLetters(DeadLettersView *view)
{
    letterViews.removeOne(view);
    tabs->removeTab(tabs->indexOf(view));
    view->deleteLater();
    if (letterViews.isEmpty())
        tabs->addTab(noLetters, MonitorWindow::tr("Dead &Letters"));
}

// The sink that gave it up, or the one that the user made around it. Asked for each of many letters, of few sinks.
Sink *MonitorWindowPrivate::whoGaveUp(const DeadLetter &letter)
{
    const auto known = givers.constFind(letter.by);
    if (known != givers.constEnd())
        return *known;
    const QModelIndexList found =
        letter.by == 0 ? QModelIndexList()
                       : pipeline->match(pipeline->index(0, 0), PipelineModel::IdentityRole, qulonglong(letter.by), 1,
                                         Qt::MatchExactly | Qt::MatchRecursive);
    Sink *const sink = found.isEmpty() ? nullptr : actions->sinkOf(found.constFirst());
    givers.insert(letter.by, sink);
    return sink;
}

void MonitorWindowPrivate::showDeadLetterCounts()
{
    for (const DeadLettersView *view : std::as_const(letterViews)) {
        const DeadLetters *const kept = view->letters();
        const StoredDeadLetters *const stored = view->storedLetters();
        const qint64 count = kept ? kept->count() : stored ? stored->count() : 0;
        // One without a name is called by what it is.
        QString name = letterViews.size() > 1 ? nameOf(lettersOf(*view)) : QString();
        if (!name.isEmpty()) {
            name = shortened(name).replace(u'&', u"&&"_s);
            // The queue has other things, too.
            name = stored ? MonitorWindow::tr("Dead Letters of %1").arg(name) : name;
        } else {
            name = stored && letterViews.size() > 1 ? MonitorWindow::tr("Stored Dead &Letters")
                                                    : MonitorWindow::tr("Dead &Letters");
        }
        const QString text = count > 0 ? MonitorWindow::tr("%1 (%2)").arg(name, grouped(count)) : name;
        const int tab = tabs->indexOf(const_cast<DeadLettersView *>(view));
        if (tabs->tabText(tab) != text)
            tabs->setTabText(tab, text);
    }
}

double MonitorWindowPrivate::rateOf(const QModelIndex &index) const
{
    for (int row = 0; row < rates->rowCount(); ++row) {
        if (rates->pipelineIndex(row) == index)
            return rates->index(row, int(RatesModel::Column::Rate)).data(RatesModel::ValueRole).toDouble();
    }
    return 0;
}

void MonitorWindowPrivate::showDetail()
{
    const QModelIndex index = topology->currentIndex();
    QString text;
    if (index.isValid()) {
        TopologyPicture picture = TopologyPicture::of(index);
        picture.rate = rateOf(index);
        const Statistics &statistics = picture.statistics;
        text =
            MonitorWindow::tr(
                "<b>%1</b> is <span style=\"color:%2\">%3</span>. Pending %4, delivered %5, filtered %6, dropped %7.")
                .arg(shortened(picture.name).toHtmlEscaped(), markColour(q->palette(), picture.mark()).name(),
                     picture.stateText().toHtmlEscaped(), picture.pendingText(), grouped(statistics.delivered),
                     grouped(statistics.filtered), grouped(statistics.dropped));
        if (!picture.reason.isEmpty())
            text += u' ' + MonitorWindow::tr("Why: %1").arg(shortened(picture.reason).toHtmlEscaped());
        if (const QString reason = TroubleLabel::reasonOf(index); !reason.isEmpty())
            text += u' ' + MonitorWindow::tr("Last error: %1").arg(reason.toHtmlEscaped());
    }
    // What somebody has marked stays marked, as long as it is about the same.
    const bool isSame = std::exchange(shown, QPersistentModelIndex(index)) == index;
    if (detail->text() != text && !(isSame && detail->hasSelectedText()))
        detail->setText(text);
}

// A broadcaster is done with an event as soon as it has handed it on; what waits is at its sinks.
qint64 MonitorWindowPrivate::pendingAt(const QModelIndex &index) const
{
    qint64 behind = 0;
    for (int row = 0; row < pipeline->rowCount(index); ++row)
        behind += pendingAt(pipeline->index(row, 0, index));
    // What a wrapper has handed to its target is pending at both.
    const qint64 here =
        index.siblingAtColumn(int(PipelineModel::Column::Pending)).data(PipelineModel::ValueRole).toLongLong();
    return pipeline->rowCount(index) > 1 ? here + behind : std::max(here, behind);
}

void MonitorWindowPrivate::showTotals()
{
    const QString text = root ? MonitorWindow::tr("Events written: %1  ·  deliveries pending: %2")
                                    .arg(grouped(root->statistics().written), grouped(pendingAt(pipeline->index(0, 0))))
                              : MonitorWindow::tr("The pipeline is gone");
    if (totals->text() != text)
        totals->setText(text);
}

void MonitorWindowPrivate::restore()
{
    if (!isRemembered() || std::exchange(isRestored, true))
        return;
    QSettings settings;
    settings.beginGroup(group);
    const auto read = [&settings](const QString &key) { return settings.value(key).toByteArray(); };
    q->restoreGeometry(read(u"geometry"_s));
    q->restoreState(read(u"window"_s));
    parts->restoreState(read(u"parts"_s));
    logView->restoreState(read(u"log"_s));
    ratesView->restoreState(read(u"rates"_s));
    letterState = read(u"letters"_s);
    for (DeadLettersView *view : std::as_const(letterViews))
        view->restoreState(letterState);
}

void MonitorWindowPrivate::save() const
{
    if (!isRemembered())
        return;
    QSettings settings;
    settings.beginGroup(group);
    settings.setValue(u"geometry"_s, q->saveGeometry());
    settings.setValue(u"window"_s, q->saveState());
    settings.setValue(u"parts"_s, parts->saveState());
    settings.setValue(u"log"_s, logView->saveState());
    settings.setValue(u"rates"_s, ratesView->saveState());
    if (!letterViews.isEmpty())
        settings.setValue(u"letters"_s, letterViews.constFirst()->saveState());
}

MonitorWindow::MonitorWindow(Sink *root, QWidget *parent)
    : QMainWindow(parent)
    , d(std::make_unique<MonitorWindowPrivate>(this, root))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Qanat Monitor"));
    // One timer for all of them, so that one picture is taken for all.
    d->pipeline->setRefreshInterval(std::chrono::milliseconds(0));
    d->topology->setRefreshInterval(std::chrono::milliseconds(0));
    if (root)
        d->pipeline->addRoot(root);
    d->build();
    refresh();
    d->choose(d->topology->currentIndex());
    resize(1280, 860);
}

MonitorWindow::~MonitorWindow()
{
    // Its parts go after this, and the view tells of each box that it loses.
    d->topology->disconnect(this);
    if (isVisible())
        d->save();
}

PipelineModel *MonitorWindow::pipelineModel() const
{
    return d->pipeline;
}

TopologyView *MonitorWindow::topologyView() const
{
    return d->topology;
}

EventLogView *MonitorWindow::eventLogView() const
{
    return d->logView;
}

RatesView *MonitorWindow::ratesView() const
{
    return d->ratesView;
}

QString MonitorWindow::settingsGroup() const
{
    return d->group;
}

void MonitorWindow::setSettingsGroup(const QString &group)
{
    d->group = group;
}

void MonitorWindow::refresh()
{
    d->givers.clear();
    d->topology->refresh();
    d->trouble->refresh();
    d->actions->update();
    d->followDeadLetters();
    d->showDetail();
    d->showTotals();
}

void MonitorWindow::showStatistics()
{
    const auto make = [root = d->root] { return root ? prometheusText(root->pipeline()) : QByteArray(); };
    (new StatisticsDialog(make, this))->show();
}

void MonitorWindow::showEvent(QShowEvent *event)
{
    d->restore();
    QMainWindow::showEvent(event);
    refresh();
    d->timer.start(RefreshInterval);
}

void MonitorWindow::hideEvent(QHideEvent *event)
{
    d->timer.stop();
    d->save();
    QMainWindow::hideEvent(event);
}

void MonitorWindow::changeEvent(QEvent *event)
{
    QMainWindow::changeEvent(event);
    // It comes while the window is made, too.
    if (event->type() == QEvent::PaletteChange && d && d->timer.isActive())
        refresh();
}

} // namespace Qanat
