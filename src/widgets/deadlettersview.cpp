// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/deadlettersview.h"

#include "Qanat/core/deadletters.h"
#include "Qanat/core/storeddeadletters.h"
#include "Qanat/widgets/deadlettersmodel.h"
#include "eventdetail_p.h"
#include "letterexport_p.h"
#include "lettersource_p.h"
#include "lines_p.h"
#include "question_p.h"
#include "table_p.h"
#include "viewstate_p.h"

#include <QtCore/qfuturewatcher.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>
#include <QtGui/qaction.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qtableview.h>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Qanat {

namespace {

// That it was given up is said already.
QString withoutOutcome(const QString &reason)
{
    for (const QLatin1StringView outcome : {"failed: "_L1, "dropped: "_L1}) {
        if (reason.startsWith(outcome))
            return reason.mid(outcome.size());
    }
    return reason;
}

} // namespace

class DeadLettersViewPrivate
{
public:
    DeadLettersViewPrivate(DeadLettersView *view, QObject *shown, std::shared_ptr<LetterSource> letters)
        : q(view)
        , object(shown)
        , source(std::move(letters))
        , model(new DeadLettersModel(source, view))
    {
    }

    void build();
    QPushButton *makeButton(QBoxLayout *bar, const QString &name, const QString &text, void (DeadLettersView::*slot)());
    QList<DeadLetter> chosen() const;
    // For an order that is about to be given: until then no other is.
    LetterSource::Report begin();
    void tell(const QString &text);
    void showChosen();
    void showState();

    DeadLettersView *const q;
    const QPointer<QObject> object; // The letters.
    const std::shared_ptr<LetterSource> source;
    DeadLettersModel *const model;
    DeadLettersView::Target target;
    QTableView *table = nullptr;
    EventDetail *detail = nullptr;
    QSplitter *parts = nullptr;
    QPushButton *again = nullptr;
    QPushButton *allAgain = nullptr;
    QPushButton *removal = nullptr;
    QPushButton *exported = nullptr;
    QLabel *state = nullptr;
    QTimer soon;
    bool isBusy = false;
    bool isExporting = false;
    QString news; // Of what was done last.
    QTimer oldNews;
};

QPushButton *DeadLettersViewPrivate::makeButton(QBoxLayout *bar, const QString &name, const QString &text,
                                                void (DeadLettersView::*slot)())
{
    auto *const button = new QPushButton(text, q);
    button->setObjectName(name);
    QObject::connect(button, &QPushButton::clicked, q, slot);
    bar->addWidget(button);
    return button;
}

void DeadLettersViewPrivate::build()
{
    oldNews.setSingleShot(true);
    oldNews.setInterval(15s);
    QObject::connect(&oldNews, &QTimer::timeout, q, [this] {
        news.clear();
        showState();
    });
    table = new QTableView(q);
    table->setObjectName(u"letters"_s);
    table->setAccessibleName(DeadLettersView::tr("Dead letters"));
    table->setModel(model);
    table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    setUpTable(table);
    const int letter = table->fontMetrics().averageCharWidth();
    using Column = DeadLettersModel::Column;
    for (const auto &[column, letters_] : {std::pair(Column::Time, 27),
                                           {Column::Type, 24},
                                           {Column::Sink, 22},
                                           {Column::Reason, 64},
                                           {Column::Attempts, 11}})
        table->setColumnWidth(int(column), letters_ * letter);

    auto *const bar = new QHBoxLayout;
    again = makeButton(bar, u"sendAgain"_s, DeadLettersView::tr("&Send Again"), &DeadLettersView::sendAgain);
    allAgain =
        makeButton(bar, u"sendAllAgain"_s, DeadLettersView::tr("Send A&ll Again"), &DeadLettersView::sendAllAgain);
    removal = makeButton(bar, u"remove"_s, DeadLettersView::tr("Re&move..."), &DeadLettersView::removeChosen);
    exported = makeButton(bar, u"export"_s, DeadLettersView::tr("E&xport..."), &DeadLettersView::saveAs);
    state = new QLabel(q);
    state->setObjectName(u"state"_s);
    state->setTextFormat(Qt::PlainText);
    state->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    // What a sink is called makes no window wider.
    state->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    bar->addWidget(state, 1);

    detail = new EventDetail(q);
    parts = new QSplitter(Qt::Vertical, q);
    parts->addWidget(table);
    parts->addWidget(detail);
    parts->setSizes({300, 160});
    parts->setStretchFactor(0, 1);
    parts->setChildrenCollapsible(false);
    auto *const layout = new QVBoxLayout(q);
    layout->addLayout(bar);
    layout->addWidget(parts, 1);

    auto *const remove = new QAction(q);
    remove->setShortcut(QKeySequence::Delete);
    remove->setShortcutContext(Qt::WidgetShortcut);
    QObject::connect(remove, &QAction::triggered, q, &DeadLettersView::removeChosen);
    table->addAction(remove);
    // Once, for as many letters as come or go together.
    soon.setSingleShot(true);
    QObject::connect(&soon, &QTimer::timeout, q, [this] { showChosen(); });
    const auto showSoon = [this] { soon.start(0); };
    QObject::connect(table->selectionModel(), &QItemSelectionModel::selectionChanged, q, showSoon);
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        QObject::connect(model, signal, q, showSoon);
    QObject::connect(source.get(), &LetterSource::changed, q, showSoon);
    showChosen();
}

QList<DeadLetter> DeadLettersViewPrivate::chosen() const
{
    QModelIndexList rows = table->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    QList<DeadLetter> those;
    for (const QModelIndex &row : std::as_const(rows))
        those.append(model->letter(row.row()));
    return those;
}

void DeadLettersViewPrivate::tell(const QString &text)
{
    news = text;
    oldNews.start();
    showState();
}

LetterSource::Report DeadLettersViewPrivate::begin()
{
    isBusy = true;
    news.clear();
    showState();
    return [this](const QString &text) {
        isBusy = false;
        tell(text);
    };
}

void DeadLettersViewPrivate::showChosen()
{
    const QList<DeadLetter> those = chosen();
    if (those.size() == 1) {
        const DeadLetter &letter = those.first();
        detail->show(
            letter.toEvent(),
            {{0, letter.sink, Delivery::dropped(letter.error, withoutOutcome(letter.reason)), letter.time, {}}});
    } else {
        detail->show(Event(), {});
    }
    showState();
}

void DeadLettersViewPrivate::showState()
{
    const bool hasChosen = table->selectionModel()->hasSelection();
    const bool hasAny = source->count() > 0;
    const bool canSend = !isBusy && (target || !source->needsTarget());
    again->setEnabled(hasChosen && canSend);
    allAgain->setEnabled(hasAny && canSend);
    removal->setEnabled(hasChosen && !isBusy);
    exported->setEnabled(hasAny && !isExporting);
    QStringList words = QStringList{news, lettersText(source->count())} + source->remarks();
    words.removeAll(QString());
    const QString text = words.join(u"  ·  ");
    if (text == state->text())
        return;
    state->setText(text);
    state->setToolTip(u"<qt>"_s + text.toHtmlEscaped() + u"</qt>"_s); // It may be cut off.
}

DeadLettersView::DeadLettersView(DeadLetters *letters, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<DeadLettersViewPrivate>(this, letters, LetterSource::of(letters)))
{
    d->build();
}

DeadLettersView::DeadLettersView(StoredDeadLetters *letters, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<DeadLettersViewPrivate>(this, letters, LetterSource::of(letters)))
{
    d->build();
}

DeadLettersView::~DeadLettersView() = default;

DeadLetters *DeadLettersView::letters() const
{
    return qobject_cast<DeadLetters *>(d->object);
}

StoredDeadLetters *DeadLettersView::storedLetters() const
{
    return qobject_cast<StoredDeadLetters *>(d->object);
}

void DeadLettersView::setTarget(Target target)
{
    d->target = std::move(target);
    d->showState();
}

QFuture<Result<qint64>> DeadLettersView::save(const QString &fileName)
{
    return LetterExport::start(d->source, fileName, this);
}

QByteArray DeadLettersView::saveState() const
{
    return sealed({d->table->horizontalHeader()->saveState(), d->parts->saveState(), d->detail->saveState()});
}

bool DeadLettersView::restoreState(const QByteArray &state)
{
    const QByteArrayList parts = opened(state, 3);
    return !parts.isEmpty() && d->table->horizontalHeader()->restoreState(parts[0]) && d->parts->restoreState(parts[1])
           && d->detail->restoreState(parts[2]);
}

void DeadLettersView::sendAgain()
{
    const QList<DeadLetter> those = d->chosen();
    if (!d->isBusy)
        d->source->sendAgain(those, d->target, d->begin());
}

void DeadLettersView::sendAllAgain()
{
    if (!d->isBusy)
        d->source->sendAllAgain(d->target, d->begin());
}

void DeadLettersView::removeChosen()
{
    const QList<DeadLetter> those = d->chosen();
    if (those.isEmpty())
        return;
    ask(this, tr("Remove %1?").arg(lettersText(those.size())),
        tr("What they tell of was not delivered, and will be lost for good."), tr("Remove"), [this, those] {
            if (!d->isBusy)
                d->source->remove(those, d->begin());
        });
}

void DeadLettersView::saveAs()
{
    const QString title = tr("Export Dead Letters");
    askForFile(this, title, u"dead-letters.ndjson"_s, [this, title](const QString &fileName) {
        auto *const watcher = new QFutureWatcher<Result<qint64>>(this);
        connect(watcher, &QFutureWatcherBase::finished, this, [this, title, watcher] {
            watcher->deleteLater();
            d->isExporting = false;
            const Result<qint64> saved = watcher->result();
            d->tell(saved ? tr("%1 exported").arg(lettersText(*saved)) : QString());
            if (!saved)
                showFailure(this, title, saved.errorText());
        });
        d->isExporting = true;
        d->showState();
        watcher->setFuture(save(fileName));
        return QString(); // It is told later.
    });
}

} // namespace Qanat
