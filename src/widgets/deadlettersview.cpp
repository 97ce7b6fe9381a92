// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/deadlettersview.h"

#include "Qanat/core/deadletters.h"
#include "Qanat/widgets/deadlettersmodel.h"
#include "eventdetail_p.h"
#include "lines_p.h"
#include "question_p.h"
#include "shortened_p.h"
#include "table_p.h"
#include "viewstate_p.h"

#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qset.h>
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

QString lettersText(qsizetype count)
{
    return count == 1 ? DeadLettersView::tr("1 letter")
                      : DeadLettersView::tr("%1 letters").arg(QLocale().toString(count));
}

// That it was given up is said already.
QString withoutOutcome(const QString &reason)
{
    for (const QLatin1StringView outcome : {"failed: "_L1, "dropped: "_L1}) {
        if (reason.startsWith(outcome))
            return reason.mid(outcome.size());
    }
    return reason;
}

QString reasonOf(WriteResult::Status status)
{
    switch (status) {
    case WriteResult::Status::Full:
        return DeadLettersView::tr("it is full");
    case WriteResult::Status::Closed:
        return DeadLettersView::tr("it is closed");
    case WriteResult::Status::Invalid:
    case WriteResult::Status::Accepted:
        break;
    }
    return DeadLettersView::tr("there is nobody to take it");
}

} // namespace

class DeadLettersViewPrivate
{
public:
    DeadLettersViewPrivate(DeadLettersView *view, DeadLetters *source)
        : q(view)
        , letters(source)
        , model(new DeadLettersModel(source, view))
    {
    }

    void build();
    QPushButton *makeButton(QBoxLayout *bar, const QString &name, const QString &text, void (DeadLettersView::*slot)());
    QList<DeadLetter> chosen() const;
    void send(const QList<DeadLetter> &those);
    void showChosen();
    void showState();

    DeadLettersView *const q;
    const QPointer<DeadLetters> letters;
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
    QString news; // Of what was sent last.
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

void DeadLettersViewPrivate::send(const QList<DeadLetter> &those)
{
    if (!letters)
        return;
    qsizetype sent = 0;
    news.clear();
    QSet<const Sink *> refusing; // What is behind one that was refused keeps its place.
    for (const DeadLetter &letter : those) {
        Sink *const sink = target ? target(letter) : nullptr;
        if (refusing.contains(sink))
            continue;
        const WriteResult::Status status = letters->sendAgain(letter.number, sink);
        if (status == WriteResult::Status::Accepted) {
            ++sent;
            continue;
        }
        // One that was lost meanwhile, or sent by somebody else, is nobody's fault.
        if (sink && status == WriteResult::Status::Invalid)
            continue;
        refusing.insert(sink);
        news = DeadLettersView::tr("%1 cannot be sent again: %2").arg(shortened(letter.sink), reasonOf(status));
    }
    oldNews.start();
    if (news.isEmpty())
        news = DeadLettersView::tr("%1 sent again").arg(lettersText(sent));
    showState();
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
    const bool hasAny = model->rowCount() > 0;
    again->setEnabled(hasChosen && target);
    allAgain->setEnabled(hasAny && target);
    removal->setEnabled(hasChosen);
    exported->setEnabled(hasAny);
    QStringList words{news, lettersText(model->rowCount())};
    if (letters && letters->lost() > 0)
        words.append(DeadLettersView::tr("%1 lost, since there is room for %2")
                         .arg(QLocale().toString(letters->lost()), QLocale().toString(letters->capacity())));
    words.removeAll(QString());
    state->setText(words.join(u"  ·  "));
}

DeadLettersView::DeadLettersView(DeadLetters *letters, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<DeadLettersViewPrivate>(this, letters))
{
    d->build();
}

DeadLettersView::~DeadLettersView() = default;

DeadLetters *DeadLettersView::letters() const
{
    return d->letters;
}

void DeadLettersView::setTarget(Target target)
{
    d->target = std::move(target);
    d->showState();
}

Result<qsizetype> DeadLettersView::save(const QString &fileName) const
{
    QList<Event> events;
    if (d->letters) {
        const QList<DeadLetter> all = d->letters->letters();
        for (const DeadLetter &letter : all)
            events.append(letter.toEvent());
    }
    return saveLines(events, fileName);
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
    d->send(d->chosen());
}

void DeadLettersView::sendAllAgain()
{
    if (d->letters)
        d->send(d->letters->letters());
}

void DeadLettersView::removeChosen()
{
    const QList<DeadLetter> those = d->chosen();
    if (those.isEmpty())
        return;
    ask(this, tr("Remove %1?").arg(lettersText(those.size())),
        tr("What they tell of was not delivered, and will be lost for good."), tr("Remove"), [this, those] {
            for (const DeadLetter &letter : those) {
                if (d->letters)
                    d->letters->remove(letter.number);
            }
        });
}

void DeadLettersView::saveAs()
{
    askForFile(this, tr("Export Dead Letters"), u"dead-letters.ndjson"_s,
               [this](const QString &fileName) { return save(fileName).errorText(); });
}

} // namespace Qanat
