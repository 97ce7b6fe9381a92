// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_EVENTLOGMODEL_H
#define QANAT_WIDGETS_EVENTLOGMODEL_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/event.h>
#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qdatetime.h>
#include <QtCore/qlist.h>

#include <chrono>
#include <memory>

namespace Qanat {

class EventLogModelPrivate;
class Sink;

/*!
 * The last events that went through a sink, and what became of each of them at that sink and at all behind it: a table for views, the
 * oldest first.
 *
 * An event has a row as soon as a broadcaster that the sink is has handed it on, or else one of the sinks has said something of it. The model watches and changes nothing; it looks every
 * refreshInterval() while it is active, and where more events come than it can show, it passes over some and counts them, passedOver().
 *
 * All its functions belong to the thread where it was made. The sink may live in any; it may be destroyed at any time if it
 * lives in this thread, and otherwise after the model.
 */
class QANAT_WIDGETS_EXPORT EventLogModel : public QAbstractTableModel
{
    Q_OBJECT
    Q_PROPERTY(bool active READ isActive WRITE setActive NOTIFY activeChanged)
    Q_PROPERTY(bool paused READ isPaused WRITE setPaused NOTIFY pausedChanged)
    Q_PROPERTY(int capacity READ capacity WRITE setCapacity NOTIFY capacityChanged)
public:
    //! Columns, for index() and views: `int(Column::Time)`.
    enum class Column : quint8 {
        Time, //!< When the event was made.
        Type,
        Source,
        Subject,
        Fate,
        Data, //!< The beginning of it, as JSON; of more than 256 KiB only how much it is.
    };
    Q_ENUM(Column)
    //! What columnCount() answers.
    static constexpr int ColumnCount = int(Column::Data) + 1;

    //! What has become of an event at all sinks together.
    enum class Fate : quint8 {
        UnderWay, //!< Some sink has not said its last word yet.
        Retrying, //!< The same, and an attempt has failed.
        Delivered, //!< All are done with it, and at least one has taken it.
        Filtered, //!< All are done with it, and none has taken it.
        Dropped, //!< A sink has given it up.
        Unknown, //!< Not all is known of it: it went on while nobody watched, or too many came at once.
    };
    Q_ENUM(Fate)

    //! Besides Qt::DisplayRole.
    enum Role {
        //! To sort by: a QDateTime for Time, the int of Fate, else a QString.
        ValueRole = Qt::UserRole + 1,
        EventRole, //!< The Event itself, the same in each column.
        FateRole, //!< The int of its Fate, the same in each column.
    };
    Q_ENUM(Role)

    //! What one sink has said of an event: an attempt that failed, or its last word.
    struct Step
    {
        quintptr sink = 0; //!< PipelineNode::identity.
        QString name; //!< Of the sink, or its kind where it has none.
        Delivery outcome; //!< What it has said.
        QDateTime time; //!< When, in UTC.
        std::chrono::nanoseconds duration{0}; //!< Since the sink accepted the event.
    };

    //! How many events are kept if not set otherwise.
    static constexpr int DefaultCapacity = 10'000;
    //! How often it looks.
    static constexpr std::chrono::milliseconds DefaultRefreshInterval = std::chrono::milliseconds(200);

    //! Watches \a root, which is not owned, from now on; active.
    explicit EventLogModel(Sink *root, QObject *parent = nullptr);
    ~EventLogModel() override;

    //!@{
    //! Whether it watches at all; a view that nobody sees need not. What comes meanwhile is passed over.
    [[nodiscard]] bool isActive() const;
    void setActive(bool active);
    //!@}
    //!@{
    //! Whether the rows stand still. New events are passed over; what becomes of those that are there is still shown.
    [[nodiscard]] bool isPaused() const;
    void setPaused(bool paused);
    //!@}
    //!@{
    //! How many events it keeps; then the oldest goes. Less than 1 counts as 1. Fewer where there are very many sinks: no more than 250,000 of
    //! their words are kept.
    [[nodiscard]] int capacity() const;
    void setCapacity(int events);
    //!@}
    //!@{
    //! How often it looks while it is active; zero or less: by refresh() only.
    [[nodiscard]] std::chrono::milliseconds refreshInterval() const;
    void setRefreshInterval(std::chrono::milliseconds interval);
    //!@}

    //! How many events were written to the sink since the model was made, and have never had a row.
    [[nodiscard]] qint64 passedOver() const;

    //! The event of a row; an invalid one where there is none.
    [[nodiscard]] Event event(int row) const;
    //! What the sinks have said of it, in the order in which they did.
    [[nodiscard]] QList<Step> way(int row) const;
    //! What has become of it.
    [[nodiscard]] Fate fate(int row) const;
    //! The same for people.
    [[nodiscard]] static QString fateText(Fate fate);

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
    void refresh();
    //! Forgets all rows.
    void clear();

Q_SIGNALS:
    //!@{
    //! The property has another value.
    void activeChanged(bool isActive, QPrivateSignal);
    void pausedChanged(bool isPaused, QPrivateSignal);
    void capacityChanged(int events, QPrivateSignal);
    //!@}

private:
    friend class EventLogModelPrivate;

    const std::unique_ptr<EventLogModelPrivate> d;
};

} // namespace Qanat

#endif
