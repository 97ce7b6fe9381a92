// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PIPELINEMODEL_H
#define QANAT_CORE_PIPELINEMODEL_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qlist.h>

#include <chrono>
#include <memory>

namespace Qanat {

class PipelineModelPrivate;
class Sink;
class StoredDeadLetters;

/*!
 * The sinks below one or more roots as a tree for views, with their counters.
 *
 * A row is a sink in one place, so a sink in two places is two rows. A row stays the same as long as its sink stays below the
 * same parent: indexes and selections survive whatever comes, goes or changes its place around it.
 *
 * The model shows pictures: what changes between two of them is seen with the next. It is the one thing in the library that
 * ticks: as long as it has roots, it takes a picture every refreshInterval(), unless that is zero.
 *
 * All its functions belong to the thread where it was made. The sinks may live in any.
 */
class QANAT_CORE_EXPORT PipelineModel : public QAbstractItemModel
{
    Q_OBJECT
    Q_PROPERTY(std::chrono::milliseconds refreshInterval READ refreshInterval WRITE setRefreshInterval NOTIFY
                   refreshIntervalChanged)
public:
    //! Columns, for index() and views: `int(Column::Name)`.
    enum class Column : quint8 {
        Name, //!< The objectName(), or the kind where there is none.
        Kind,
        State,
        Activity,
        NextAttempt,
        Pending,
        Written,
        Delivered,
        Filtered,
        Dropped,
        Rejected,
        Failed,
        Retried,
        LatencyMedian,
        LatencyPercentile99,
        LastError,
    };
    Q_ENUM(Column)
    //! What columnCount() answers.
    static constexpr int ColumnCount = int(Column::LastError) + 1;

    //! Besides Qt::DisplayRole, which is for people and in their language, and Qt::ToolTipRole, the text of the last error.
    enum Role {
        //! To sort by and to paint: a QString for Name and Kind, the ints of PipelineNode::State and Activity, the
        //! counters, and the time to the next attempt and latencies (in nanoseconds, 0 if there are none) as qint64, the int of Delivery::Error.
        ValueRole = Qt::UserRole + 1,
        //! All Statistics of the sink, the same in each column. Its changes are announced in the column Name.
        StatisticsRole,
        IdentityRole, //!< PipelineNode::identity, a qulonglong, the same in each column.
        //! PipelineNode::activityReason, a QString, the same in each column. Its changes are announced in the column Activity.
        ActivityReasonRole,
    };
    Q_ENUM(Role)

    //! How often a picture is taken where nothing else is said.
    static constexpr std::chrono::milliseconds DefaultRefreshInterval = std::chrono::milliseconds(500);

    //! Without roots: nothing ticks yet.
    explicit PipelineModel(QObject *parent = nullptr);
    ~PipelineModel() override;

    /*!
     * Shows \a root, which is not owned, and the sinks behind it, below the roots that are there. Adding it again changes
     * nothing. A root that is closed stays; one that is destroyed leaves by itself, at once if it lives in this thread.
     */
    void addRoot(Sink *root);
    //! Shows it no more. Removing an unknown one changes nothing.
    void removeRoot(Sink *root);

    //!@{
    //! How often a picture is taken: every 500 ms if not set; zero or less: by refresh() only.
    [[nodiscard]] std::chrono::milliseconds refreshInterval() const;
    void setRefreshInterval(std::chrono::milliseconds interval);
    //!@}

    //! The sink of a row, if it lives in this thread; else null. Some rows have none.
    [[nodiscard]] Sink *sink(const QModelIndex &index) const;
    //! Where the sinks below the roots give what they cannot deliver: each once, of those that live in this thread.
    [[nodiscard]] QList<Sink *> deadLetterSinks() const;
    //! What the StoringQueues below the roots keep of that in their stores: of those that live in this thread, also of one that is inside of another object, as an
    //! Endpoint has it.
    [[nodiscard]] QList<StoredDeadLetters *> storedDeadLetters() const;

    //!@{
    //! As in QAbstractItemModel, with the columns of Column and the roles of Role.
    [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] QModelIndex parent(const QModelIndex &index) const override;
    [[nodiscard]] int rowCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;
    //!@}

public Q_SLOTS:
    //! Takes a picture now, and changes only what differs from the last.
    void refresh();

Q_SIGNALS:
    //! The property has another value.
    void refreshIntervalChanged(std::chrono::milliseconds interval, QPrivateSignal);

private:
    friend class PipelineModelPrivate;

    const std::unique_ptr<PipelineModelPrivate> d;
};

} // namespace Qanat

#endif
