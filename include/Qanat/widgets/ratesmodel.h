// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_RATESMODEL_H
#define QANAT_WIDGETS_RATESMODEL_H

#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qabstractitemmodel.h>

#include <chrono>
#include <memory>

namespace Qanat {

class Clock;
class PipelineModel;
class RatesModelPrivate;

/*!
 * How much each sink of a pipeline has delivered in the last two minutes, how long that took, and what was answered: a table for views, with a row for each
 * row of the PipelineModel, those behind a sink below it.
 *
 * It looks at the pipeline once a second while it is active. The latencies are those of the events that got their outcome within the last two
 * minutes; a time is the bound of a bucket of LatencyHistogram.
 *
 * The thread of the pipeline's model.
 */
class QANAT_WIDGETS_EXPORT RatesModel : public QAbstractTableModel
{
    Q_OBJECT
    Q_PROPERTY(bool active READ isActive WRITE setActive NOTIFY activeChanged)
public:
    //! Columns, for index() and views: `int(Column::Name)`.
    enum class Column : quint8 {
        Name,
        Rate, //!< Events that were delivered in the last second.
        RateHistory, //!< The same of the seconds before, to be drawn.
        Pending, //!< How many are pending; the tool tip says how many of these are stored.
        PendingHistory, //!< How many were.
        Median, //!< Of the time from acceptance to outcome, as the next two.
        Percentile90,
        Percentile99,
        Answers, //!< How many requests were answered with which status.
    };
    Q_ENUM(Column)
    //! What columnCount() answers.
    static constexpr int ColumnCount = int(Column::Answers) + 1;

    //! Besides Qt::DisplayRole and Qt::ToolTipRole.
    enum Role {
        //! To sort by: a double for Rate, a qint64 for Pending and the latencies (nanoseconds, 0 if there are none), else a QString.
        ValueRole = Qt::UserRole + 1,
        HistoryRole, //!< Of the two histories: a QList<double>, one for each second, the newest last.
        DepthRole, //!< How many sinks stand before it, an int, the same in each column.
    };
    Q_ENUM(Role)

    //! How often it looks if not set otherwise.
    static constexpr std::chrono::milliseconds DefaultSampleInterval = std::chrono::seconds(1);
    //! How many looks a history goes back.
    static constexpr int SampleCount = 120;

    //! Follows \a pipeline, which is not owned; it may be destroyed, and be null. Active.
    explicit RatesModel(PipelineModel *pipeline, QObject *parent = nullptr);
    ~RatesModel() override;

    //!@{
    //! Whether it looks at all; what is there is forgotten when it begins again.
    [[nodiscard]] bool isActive() const;
    void setActive(bool active);
    //!@}
    //!@{
    //! How often it looks while it is active; zero or less: by sample() only.
    [[nodiscard]] std::chrono::milliseconds sampleInterval() const;
    void setSampleInterval(std::chrono::milliseconds interval);
    //!@}
    //! What rates are measured by; the system's if not set, and for null.
    void setClock(const std::shared_ptr<Clock> &clock);

    //! The row of the pipeline's model that a row is about.
    [[nodiscard]] QModelIndex pipelineIndex(int row) const;

    //!@{
    //! As in QAbstractTableModel, with the columns of Column and the roles of Role.
    [[nodiscard]] int rowCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;
    //!@}

public Q_SLOTS:
    //! Looks now.
    void sample();

Q_SIGNALS:
    //! The property has another value.
    void activeChanged(bool isActive, QPrivateSignal);

private:
    friend class RatesModelPrivate;

    const std::unique_ptr<RatesModelPrivate> d;
};

} // namespace Qanat

#endif
