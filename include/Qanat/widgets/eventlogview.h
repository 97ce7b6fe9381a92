// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_EVENTLOGVIEW_H
#define QANAT_WIDGETS_EVENTLOGVIEW_H

#include <Qanat/core/event.h>
#include <Qanat/core/result.h>
#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qlist.h>
#include <QtWidgets/qwidget.h>

#include <memory>

namespace Qanat {

class EventLogFilter;
class EventLogModel;
class EventLogViewPrivate;

/*!
 * The last events of a pipeline as a table that can be filtered, and of the one that is chosen its JSON, with all attributes, and its
 * way through the sinks.
 *
 * Ctrl+F goes to the text that is looked for, and Return there to the newest event that has it; Ctrl+C copies the chosen events as lines of JSON,
 * Ctrl+S saves what is shown. These are its actions(), for menus. It follows the newest until somebody scrolls away from it. The model is active
 * while the window is visible that the view stands in.
 *
 * All its functions belong to the GUI thread.
 */
class QANAT_WIDGETS_EXPORT EventLogView : public QWidget
{
    Q_OBJECT
    Q_PROPERTY(bool following READ isFollowing WRITE setFollowing NOTIFY followingChanged)
public:
    //! Shows \a model, which must not be null, is not owned, and lives at least as long.
    explicit EventLogView(EventLogModel *model, QWidget *parent = nullptr);
    ~EventLogView() override;

    //! What is looked for. The fields of the view show it, and change it.
    [[nodiscard]] EventLogFilter *filter() const;

    //!@{
    //! Whether it stays at the newest event.
    [[nodiscard]] bool isFollowing() const;
    void setFollowing(bool following);
    //!@}

    //! The events that are chosen, as they stand in the table.
    [[nodiscard]] QList<Event> selectedEvents() const;
    //! Chooses the event with this id, where it is shown. Whether it is.
    bool select(const QString &id);

    //! Events as newline-delimited CloudEvents JSON. One that cannot leave the process is left out.
    [[nodiscard]] static QByteArray toLines(const QList<Event> &events);
    //! Writes what is shown to a file, in place of what is in it. How many events that were, or why it failed.
    [[nodiscard]] Result<qsizetype> save(const QString &fileName) const;

    //!@{
    //! Widths and order of the columns, and the sizes of the parts; for QSettings.
    [[nodiscard]] QByteArray saveState() const;
    bool restoreState(const QByteArray &state);
    //!@}

public Q_SLOTS:
    //! Goes to the field for the text that is looked for.
    void find();
    //! Puts the chosen events into the clipboard, as lines of JSON.
    void copy();
    //! Asks for a file, and saves.
    void saveAs();

Q_SIGNALS:
    //! The property has another value.
    void followingChanged(bool isFollowing, QPrivateSignal);

protected:
    //! It follows the newest that came while it was not seen.
    void showEvent(QShowEvent *event) override;

private:
    friend class EventLogViewPrivate;

    const std::unique_ptr<EventLogViewPrivate> d;
};

} // namespace Qanat

#endif
