// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sinkactions_p.h"

#include "Qanat/core/duration.h"
#include "Qanat/core/pipelinemodel.h"
#include "Qanat/core/sink.h"
#include "question_p.h"
#include "shortened_p.h"

#include <QtCore/qfuturewatcher.h>
#include <QtCore/qlocale.h>
#include <QtGui/qaction.h>
#include <QtWidgets/qwidget.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

QString nameOf(const Sink &sink)
{
    if (!sink.objectName().isEmpty())
        return shortened(sink.objectName());
    const auto name = QString::fromLatin1(sink.metaObject()->className());
    return name.mid(name.lastIndexOf(u':') + 1);
}

bool isTrue(const Sink *sink, const char *property)
{
    return sink && sink->property(property).toBool();
}

} // namespace

SinkActions::SinkActions(PipelineModel *model, QWidget *parent)
    : QObject(parent)
    , m_model(model)
    , m_parent(parent)
    , m_pause(addOrder("pause", tr("&Pause"), tr("Send nothing more for now; what comes is kept")))
    , m_resume(addOrder("resume", tr("&Resume"), tr("Send again")))
    , m_enable(addOrder("enable", tr("&Enable"), tr("Take events again, after the service wanted no more")))
    , m_retryNow(addOrder("retryNow", tr("&Try Now"), tr("Do not wait for the next attempt: somebody has mended it")))
    , m_drain(add(u"drain"_s, tr("&Drain..."), tr("Accept nothing more, deliver what is pending, and close")))
    , m_discard(add(u"discard"_s, tr("Di&scard..."), tr("Drop what is pending, and close")))
{
    connect(m_drain, &QAction::triggered, this, [this] { askForEnd(Ending::Drain); });
    connect(m_discard, &QAction::triggered, this, [this] { askForEnd(Ending::Discard); });
    update();
}

QAction *SinkActions::add(const QString &name, const QString &text, const QString &toolTip)
{
    auto *const action = new QAction(text, this);
    action->setObjectName(name);
    action->setToolTip(toolTip);
    action->setStatusTip(toolTip);
    m_actions.append(action);
    return action;
}

QAction *SinkActions::addOrder(const char *slot, const QString &text, const QString &toolTip)
{
    QAction *const action = add(QString::fromLatin1(slot), text, toolTip);
    connect(action, &QAction::triggered, this, [this, slot] {
        if (m_sink)
            QMetaObject::invokeMethod(m_sink, slot);
        update();
    });
    return action;
}

// Targets live in other threads, and are reached through the sink that the user made around them.
Sink *SinkActions::sinkOf(QModelIndex index) const
{
    for (; m_model && index.isValid(); index = index.parent()) {
        if (Sink *const sink = m_model->sink(index))
            return sink;
        // It is one of several there.
        if (m_model->rowCount(index.parent()) != 1)
            return nullptr;
    }
    return nullptr;
}

void SinkActions::setIndex(const QModelIndex &index)
{
    m_index = index;
    update();
}

bool SinkActions::takes(const char *slot) const
{
    return m_sink && m_sink->metaObject()->indexOfSlot(QByteArray(QByteArray(slot) + "()").constData()) >= 0;
}

void SinkActions::update()
{
    m_sink = sinkOf(m_index);
    const bool isOpen = m_sink && m_sink->state() == PipelineNode::State::Open;
    const bool isPaused = isTrue(m_sink, "paused");
    m_pause->setEnabled(isOpen && takes("pause") && !isPaused);
    m_resume->setEnabled(isOpen && takes("resume") && isPaused);
    m_enable->setEnabled(isOpen && takes("enable") && isTrue(m_sink, "disabled"));
    m_retryNow->setEnabled(isOpen && takes("retryNow"));
    m_drain->setEnabled(isOpen);
    m_discard->setEnabled(m_sink && m_sink->state() != PipelineNode::State::Closed);
}

void SinkActions::askForEnd(Ending ending)
{
    update();
    if (!m_sink)
        return;
    const QString name = nameOf(*m_sink);
    const QString pending = QLocale().toString(m_sink->statistics().pending);
    const auto go = [this, sink = m_sink, ending] {
        if (sink)
            end(sink, ending);
    };
    if (ending == Ending::Drain)
        ask(m_parent, tr("Drain %1?").arg(name),
            tr("It accepts nothing more, delivers what is pending (%1), and closes. What is not delivered within %2 is "
               "dropped.")
                .arg(pending, durationText(Sink::DefaultCloseTimeout)),
            tr("Drain"), go);
    else
        ask(m_parent, tr("Discard what %1 holds?").arg(name),
            tr("What is pending (%1) is dropped, and it closes: it takes no more events.").arg(pending), tr("Discard"),
            go);
}

void SinkActions::end(Sink *sink, Ending ending)
{
    auto *const watcher = new QFutureWatcher<CloseResult>(this);
    connect(watcher, &QFutureWatcherBase::finished, this, [this, watcher, name = nameOf(*sink)] {
        const QFuture<CloseResult> future = watcher->future();
        if (future.resultCount() > 0) {
            const qint64 left = future.result().left();
            Q_EMIT told(left > 0 ? tr("%1 is closed; %2 events were dropped").arg(name, QLocale().toString(left))
                                 : tr("%1 is closed; nothing was left").arg(name));
        }
        watcher->deleteLater();
    });
    watcher->setFuture(ending == Ending::Drain ? sink->close() : sink->discard());
    update();
}

} // namespace Qanat
