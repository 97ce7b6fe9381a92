// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_TOPOLOGYBOX_P_H
#define QANAT_WIDGETS_TOPOLOGYBOX_P_H

#include "Qanat/core/pipelinenode.h"
#include "colours_p.h"

#include <QtCore/qabstractitemmodel.h>
#include <QtWidgets/qgraphicsitem.h>

#include <chrono>

namespace Qanat {

/*
 * What one picture of a sink says, as a box shows it.
 */
struct TopologyPicture
{
    QString name;
    QString kind;
    PipelineNode::State state = PipelineNode::State::Open;
    PipelineNode::Activity activity = PipelineNode::Activity::Flowing;
    std::chrono::nanoseconds nextAttempt{0};
    QString reason; // Why it is at that, where it says so.
    Statistics statistics;
    double rate = 0; // Events per second that it was done with,
    double inRate = 0; // and that it was given.

    static TopologyPicture of(const QModelIndex &index);

    // In a few words: how it is.
    QString stateText() const;
    // What is pending, and how much of it is safe.
    QString pendingText() const;
    // All that there is to say.
    QString toolTip() const;
    Mark mark() const;
};

QString rateText(double rate);

/*
 * A box: a sink in one place, and the pipe that leads to it.
 */
class TopologyBox final : public QGraphicsItem
{
public:
    static constexpr double Width = 190;
    static constexpr double Height = 76;
    static constexpr double ColumnGap = 70;
    static constexpr double RowGap = 18;

    explicit TopologyBox(const QModelIndex &index, TopologyBox *before);

    const QPersistentModelIndex &index() const { return m_index; }
    const TopologyPicture &picture() const { return m_picture; }
    TopologyBox *before() const { return m_before; }
    void setPicture(const TopologyPicture &picture) { m_picture = picture; }
    // Looks at the model. \a passed is the time since the last look.
    void look(std::chrono::nanoseconds passed);
    void setCurrent(bool isCurrent);

    // The box alone.
    QRectF frame() const { return {0, 0, Width, Height}; }
    QRectF boundingRect() const override;
    QPainterPath shape() const override;
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    [[nodiscard]] bool isOuter() const;
    double pipeWidth() const;
    void paintPipe(QPainter *painter, const QPalette &palette) const;

    const QPersistentModelIndex m_index;
    TopologyBox *const m_before; // Where its events come from.
    TopologyPicture m_picture;
    bool m_isCurrent = false;
};

} // namespace Qanat

#endif
