// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "troublelabel_p.h"

#include "Qanat/core/pipelinemodel.h"
#include "colours_p.h"
#include "topologybox_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {
constexpr int MostLines = 3;
}

TroubleLabel::TroubleLabel(const PipelineModel *model, QWidget *parent)
    : QLabel(parent)
    , m_model(model)
{
    setObjectName(u"trouble"_s);
    setAccessibleName(tr("What does not flow"));
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    setWordWrap(true);
    connect(this, &QLabel::linkActivated, this, [this](const QString &link) {
        if (const int number = link.toInt(); number < m_troubles.size())
            Q_EMIT chosen(m_troubles.at(number));
    });
}

QString TroubleLabel::reasonOf(const QModelIndex &index)
{
    const auto statistics = index.data(PipelineModel::StatisticsRole).value<Statistics>();
    if (statistics.lastError.isFailure())
        return statistics.lastError.toString();
    const QAbstractItemModel *const model = index.model();
    for (int row = 0; model && row < model->rowCount(index); ++row) {
        if (const QString reason = reasonOf(model->index(row, 0, index)); !reason.isEmpty())
            return reason;
    }
    return {};
}

// Of those in a row only the first, which is the one that the user made.
void TroubleLabel::find(const QModelIndex &parent)
{
    for (int row = 0; row < m_model->rowCount(parent); ++row) {
        const QModelIndex index = m_model->index(row, 0, parent);
        const TopologyPicture picture = TopologyPicture::of(index);
        if (picture.activity != PipelineNode::Activity::Flowing && picture.state != PipelineNode::State::Closed)
            m_troubles.append(index);
        else
            find(index);
    }
}

void TroubleLabel::refresh()
{
    m_troubles.clear();
    find(QModelIndex());
    QStringList lines;
    for (qsizetype i = 0; i < m_troubles.size() && i < MostLines; ++i) {
        const QModelIndex index = m_troubles.at(i);
        const TopologyPicture picture = TopologyPicture::of(index);
        const QString reason = reasonOf(index);
        QString line = u"<a href=\"%1\">%2</a>: <span style=\"color:%3\">%4</span>"_s.arg(
            QString::number(i), picture.name.toHtmlEscaped(), markColour(palette(), picture.mark()).name(),
            picture.stateText().toHtmlEscaped());
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
