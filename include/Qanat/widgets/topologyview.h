// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_TOPOLOGYVIEW_H
#define QANAT_WIDGETS_TOPOLOGYVIEW_H

#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtWidgets/qgraphicsview.h>

#include <chrono>
#include <memory>

namespace Qanat {

class PipelineModel;
class TopologyViewPrivate;

/*!
 * A running pipeline as boxes and pipes: where events go, how many, and where they are stuck and why.
 *
 * A box is a sink, with how many events a second it is done with, what is pending and what it is at; a pipe is as wide as much comes through it (each step is tenfold), and has the
 * colour of what the sink at its end is at. The tool tip of a box has the last error and all counters.
 *
 * It is worked by mouse (a click chooses a box, the wheel with Ctrl zooms) and by keyboard: the arrow keys go from box to box, plus and minus zoom,
 * 0 shows everything, Return activates. It takes pictures of the pipeline twice a second, while it is visible.
 *
 * All its functions belong to the GUI thread.
 */
class QANAT_WIDGETS_EXPORT TopologyView : public QGraphicsView
{
    Q_OBJECT
public:
    //! Shows \a model, which is not owned; it may be destroyed, and be null.
    explicit TopologyView(PipelineModel *model, QWidget *parent = nullptr);
    ~TopologyView() override;

    //!@{
    //! The box that is chosen, as an index of the model, in its first column; an invalid one if there is none.
    [[nodiscard]] QModelIndex currentIndex() const;
    void setCurrentIndex(const QModelIndex &index);
    //!@}
    //!@{
    //! How often it takes a picture while it is visible, every 500 ms if not set; zero or less: by refresh() only.
    [[nodiscard]] std::chrono::milliseconds refreshInterval() const;
    void setRefreshInterval(std::chrono::milliseconds interval);
    //!@}
    //! Where the box of a sink stands, in the coordinates of the viewport(); empty where there is none.
    [[nodiscard]] QRect boxRect(const QModelIndex &index) const;

public Q_SLOTS:
    //!@{
    //! Closer, and further away.
    void zoomIn();
    void zoomOut();
    //!@}
    //! Everything is seen, and goes on being seen until somebody zooms.
    void fit();
    //! Takes a picture now.
    void refresh();

Q_SIGNALS:
    //! Another box was chosen, or none.
    void currentChanged(const QModelIndex &index, QPrivateSignal);
    //! A box was double-clicked, or Return was pressed on it.
    void activated(const QModelIndex &index, QPrivateSignal);

protected:
    //!@{
    //! What a user does, and what becomes of the window.
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    //!@}

private:
    friend class TopologyViewPrivate;

    const std::unique_ptr<TopologyViewPrivate> d;
};

} // namespace Qanat

#endif
