// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_MONITORWINDOW_H
#define QANAT_WIDGETS_MONITORWINDOW_H

#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtWidgets/qmainwindow.h>

#include <memory>

namespace Qanat {

class EventLogView;
class MonitorWindowPrivate;
class PipelineModel;
class RatesView;
class Sink;
class TopologyView;

/*!
 * A window that shows a running pipeline: its sinks, the last events and what became of each, rates and latencies, and dead letters; and lets somebody pause an
 * endpoint, try at once, drain or discard.
 *
 * \code
 * (new Qanat::MonitorWindow(&events))->show();
 * \endcode
 *
 * It only watches, while it is visible; taking it away changes nothing. It shows what an event was, data included: in an application that is
 * shipped, give it to those who may see that.
 *
 * **Dead letters** are shown of each DeadLetters that is the dead-letter sink of a sink in the pipeline and lives in the GUI thread. They are sent again to
 * the sink that gave them up. The dead letters that a StoringQueue of the pipeline keeps in its store, as a DurableQueue does, are shown, too, where it lives in the GUI thread;
 * they are sent again to that queue.
 *
 * **Orders** reach sinks that live in the GUI thread, and through them what is behind. Pause, resume, enable and try now are offered for a sink with
 * slots of these names (`pause()`, `resume()`, `enable()`, `retryNow()`) and properties (`paused`, `disabled`), as an Endpoint has them.
 *
 * What an application adds has its place in menus named `fileMenu`, `editMenu`, `viewMenu` and `sinkMenu` (see QObject::findChild()), and in docks.
 *
 * Its layout is remembered with QSettings, where the application has an organizationName(); see setSettingsGroup(). It is deleted when it is closed, unless
 * Qt::WA_DeleteOnClose is taken away. In a slot of one of its parts, destroy it with deleteLater(). All its functions belong to the GUI thread.
 */
class QANAT_WIDGETS_EXPORT MonitorWindow : public QMainWindow
{
    Q_OBJECT
public:
    //! Shows \a root and all behind it. It is not owned, and may be destroyed at any time if it lives in the GUI thread; otherwise after the window.
    explicit MonitorWindow(Sink *root, QWidget *parent = nullptr);
    ~MonitorWindow() override;

    //!@{
    //! Its parts, which belong to it.
    [[nodiscard]] PipelineModel *pipelineModel() const;
    [[nodiscard]] TopologyView *topologyView() const;
    [[nodiscard]] EventLogView *eventLogView() const;
    [[nodiscard]] RatesView *ratesView() const;
    //!@}

    //!@{
    //! Where in the application's QSettings the layout is remembered, `Qanat/MonitorWindow` if not set; nowhere if empty. It is restored when the window is
    //! shown for the first time, and saved when it is hidden or destroyed.
    [[nodiscard]] QString settingsGroup() const;
    void setSettingsGroup(const QString &group);
    //!@}

public Q_SLOTS:
    //! Looks at the pipeline now.
    void refresh();
    //! Shows all counters in the text format of Prometheus.
    void showStatistics();

protected:
    //!@{
    //! For the layout.
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    //!@}
    //! Colours follow the palette.
    void changeEvent(QEvent *event) override;

private:
    friend class MonitorWindowPrivate;

    const std::unique_ptr<MonitorWindowPrivate> d;
};

} // namespace Qanat

#endif
