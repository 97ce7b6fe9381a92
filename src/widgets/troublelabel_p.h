// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_TROUBLELABEL_P_H
#define QANAT_WIDGETS_TROUBLELABEL_P_H

#include "topologybox_p.h"

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qlist.h>
#include <QtCore/qpointer.h>
#include <QtWidgets/qlabel.h>

namespace Qanat {

class PipelineModel;

/*
 * Says in a line each which sinks do not flow, and why: the first thing that somebody looks for. Each is a link to its box.
 */
class TroubleLabel final : public QLabel
{
    Q_OBJECT
public:
    explicit TroubleLabel(const PipelineModel *model, QWidget *parent = nullptr);

    // Looks at the model.
    void refresh();

    // What went wrong last at a sink or, as long as there is only one, behind it, for people; empty if nothing did.
    static QString reasonOf(const QModelIndex &index);

Q_SIGNALS:
    void chosen(const QModelIndex &index);

private:
    struct Trouble
    {
        QPersistentModelIndex known; // The sink that the user knows.
        QPersistentModelIndex where;
    };

    void find(const QModelIndex &parent, const QModelIndex &first);
    TopologyPicture pictureOf(const QModelIndex &index) const;

    const QPointer<const PipelineModel> m_model;
    QList<Trouble> m_troubles;
};

} // namespace Qanat

#endif
