// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_EVENTLOGFILTER_H
#define QANAT_WIDGETS_EVENTLOGFILTER_H

#include <Qanat/widgets/eventlogmodel.h>
#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qset.h>
#include <QtCore/qsortfilterproxymodel.h>

#include <memory>

namespace Qanat {

class EventLogFilterPrivate;

/*!
 * The events of an EventLogModel that somebody looks for: all that is set has to hold. The source model has to be one. The thread of
 * the model.
 */
class QANAT_WIDGETS_EXPORT EventLogFilter : public QSortFilterProxyModel
{
    Q_OBJECT
    Q_PROPERTY(QString typePattern READ typePattern WRITE setTypePattern NOTIFY typePatternChanged)
    Q_PROPERTY(QString sourcePattern READ sourcePattern WRITE setSourcePattern NOTIFY sourcePatternChanged)
    Q_PROPERTY(QString text READ text WRITE setText NOTIFY textChanged)
public:
    //! Lets everything through.
    explicit EventLogFilter(QObject *parent = nullptr);
    ~EventLogFilter() override;

    //!@{
    //! As in Matcher::type() and Matcher::source(), with `*` and `**`; without either it is enough that they contain it. Empty: any.
    [[nodiscard]] QString typePattern() const;
    void setTypePattern(const QString &pattern);
    [[nodiscard]] QString sourcePattern() const;
    void setSourcePattern(const QString &pattern);
    //!@}
    //!@{
    //! In the id, the subject, an extension or the data as JSON, in any case of letters. Empty: any. Data of more than 1 MiB are not looked through.
    [[nodiscard]] QString text() const;
    void setText(const QString &text);
    //!@}
    //!@{
    //! What has become of it, one of these; empty: whatever.
    [[nodiscard]] QSet<EventLogModel::Fate> fates() const;
    void setFates(const QSet<EventLogModel::Fate> &fates);
    //!@}

Q_SIGNALS:
    //!@{
    //! The property has another value.
    void typePatternChanged(const QString &pattern, QPrivateSignal);
    void sourcePatternChanged(const QString &pattern, QPrivateSignal);
    void textChanged(const QString &text, QPrivateSignal);
    void fatesChanged(QPrivateSignal);
    //!@}

protected:
    //! Whether all that is set holds for a row.
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex &parent) const override;

private:
    const std::unique_ptr<EventLogFilterPrivate> d;
};

} // namespace Qanat

#endif
