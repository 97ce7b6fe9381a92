// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_RATESVIEW_H
#define QANAT_WIDGETS_RATESVIEW_H

#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtWidgets/qtableview.h>

namespace Qanat {

class RatesModel;

/*!
 * Rates and latencies of the last two minutes: a table in which the histories are lines. The model is active while the window is
 * visible that the view stands in. The GUI thread.
 */
class QANAT_WIDGETS_EXPORT RatesView : public QTableView
{
    Q_OBJECT
public:
    //! Shows \a model, which must not be null, is not owned, and lives at least as long.
    explicit RatesView(RatesModel *model, QWidget *parent = nullptr);
    ~RatesView() override;

    //!@{
    //! Widths and order of the columns; for QSettings.
    [[nodiscard]] QByteArray saveState() const;
    bool restoreState(const QByteArray &state);
    //!@}

protected:
    //! Rows are as high as the font wants them.
    void changeEvent(QEvent *event) override;

private:
    void setRowHeight();
};

} // namespace Qanat

#endif
