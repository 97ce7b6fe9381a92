// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_SINKACTIONS_P_H
#define QANAT_WIDGETS_SINKACTIONS_P_H

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qobject.h>
#include <QtCore/qpointer.h>

QT_BEGIN_NAMESPACE
class QAction;
class QWidget;
QT_END_NAMESPACE

namespace Qanat {

class PipelineModel;
class Sink;

/*
 * What a user may do with the sink that is chosen. Pause, resume, enable and try now are for sinks with slots of these names, as an
 * Endpoint has them: the views know no library but the core.
 */
class SinkActions final : public QObject
{
    Q_OBJECT
public:
    // Questions stand over \a parent.
    SinkActions(PipelineModel *model, QWidget *parent);

    const QList<QAction *> &actions() const { return m_actions; }
    // A sink that is behind the one that the user made stands for that one.
    void setIndex(const QModelIndex &index);
    // What can be done may have changed.
    void update();
    // The sink that orders for this place go to; null if there is none in this thread.
    Sink *sinkOf(QModelIndex index) const;

Q_SIGNALS:
    // Something has come of it.
    void told(const QString &news);

private:
    enum class Ending : quint8 { Drain, Discard };

    QAction *add(const QString &name, const QString &text, const QString &toolTip);
    QAction *addOrder(const char *slot, const QString &text, const QString &toolTip);
    bool takes(const char *slot) const;
    void askForEnd(Ending ending);
    void end(Sink *sink, Ending ending);

    const QPointer<PipelineModel> m_model;
    QWidget *const m_parent;
    QList<QAction *> m_actions;
    QPersistentModelIndex m_index;
    QPointer<Sink> m_sink;
    QAction *m_pause;
    QAction *m_resume;
    QAction *m_enable;
    QAction *m_retryNow;
    QAction *m_drain;
    QAction *m_discard;
};

} // namespace Qanat

#endif
