// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "troublelabel_p.h"

#include "Qanat/core/pipelinemodel.h"
#include "colours_p.h"
#include "shortened_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

constexpr int MostLines = 3;

bool isTroubled(const QModelIndex &index)
{
    const auto valueOf = [&index](PipelineModel::Column column) {
        return index.siblingAtColumn(int(column)).data(PipelineModel::ValueRole).toInt();
    };
    return valueOf(PipelineModel::Column::Activity) != int(PipelineNode::Activity::Flowing)
           && valueOf(PipelineModel::Column::State) != int(PipelineNode::State::Closed);
}

} // namespace

TroubleLabel::TroubleLabel(const PipelineModel *model, QWidget *parent)
    : QLabel(parent)
    , m_model(model)
{
    setObjectName(u"trouble"_s);
    setAccessibleName(tr("What does not flow"));
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    setWordWrap(true);
    // A long word of somebody makes no window wider.
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    connect(this, &QLabel::linkActivated, this, [this](const QString &link) {
        if (const int number = link.toInt(); number < m_troubles.size())
            Q_EMIT chosen(m_troubles.at(number).known);
    });
}

// Of those that wait for one and the same thing the last one tries, and knows why; others only know what was given up.
QString TroubleLabel::reasonOf(const QModelIndex &index)
{
    const QAbstractItemModel *const model = index.model();
    const QModelIndex behind = model && model->rowCount(index) == 1 ? model->index(0, 0, index) : QModelIndex();
    const auto statistics = index.data(PipelineModel::StatisticsRole).value<Statistics>();
    const QString reason = statistics.lastError.isFailure() ? shortened(statistics.lastError.errorText()) : QString();
    if (!behind.isValid() || (!reason.isEmpty() && !isTroubled(behind)))
        return reason;
    const QString known = reasonOf(behind);
    return known.isEmpty() ? reason : known;
}

// A troubled sink is known by the first of those that stand in a row, which is the one that the user made.
void TroubleLabel::find(const QModelIndex &parent, const QModelIndex &first)
{
    const int count = m_model->rowCount(parent);
    for (int row = 0; row < count; ++row) {
        const QModelIndex index = m_model->index(row, 0, parent);
        const QModelIndex known = count == 1 && first.isValid() ? first : index;
        if (isTroubled(index))
            m_troubles.append({known, index});
        else
            find(index, known);
    }
}

// Whoever waits longest knows until when.
TopologyPicture TroubleLabel::pictureOf(const QModelIndex &index) const
{
    TopologyPicture picture = TopologyPicture::of(index);
    QModelIndex behind = index;
    using Activity = PipelineNode::Activity;
    const bool hasTime = picture.activity == Activity::Waiting || picture.activity == Activity::Blocked;
    while (hasTime && picture.nextAttempt.count() == 0 && m_model->rowCount(behind) == 1) {
        behind = m_model->index(0, 0, behind);
        picture.nextAttempt = TopologyPicture::of(behind).nextAttempt;
    }
    return picture;
}

void TroubleLabel::refresh()
{
    m_troubles.clear();
    if (m_model)
        find(QModelIndex(), QModelIndex());
    QStringList lines;
    for (qsizetype i = 0; i < m_troubles.size() && i < MostLines; ++i) {
        const Trouble &trouble = m_troubles.at(i);
        const TopologyPicture picture = pictureOf(trouble.where);
        // Who is paused is so by somebody's will: what failed before is not why.
        const bool isWanted = picture.activity == PipelineNode::Activity::Paused;
        const QString reason = !picture.reason.isEmpty() ? shortened(picture.reason)
                               : isWanted                ? QString()
                                                         : reasonOf(trouble.where);
        QString line = u"<a href=\"%1\">%2</a>: <span style=\"color:%3\">%4</span>"_s.arg(
            QString::number(i), shortened(trouble.known.data().toString()).toHtmlEscaped(),
            markColour(palette(), picture.mark()).name(), picture.stateText().toHtmlEscaped());
        if (!reason.isEmpty())
            line += u" — "_s + reason.toHtmlEscaped();
        lines.append(line);
    }
    if (m_troubles.size() > MostLines)
        lines.append(tr("and %n more", nullptr, int(m_troubles.size() - MostLines)));
    const QString now = lines.join(u"<br>"_s);
    // A link that has the focus keeps it as long as it can.
    if (now != text())
        setText(now);
    setVisible(!m_troubles.isEmpty());
}

} // namespace Qanat
