// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_TABLE_P_H
#define QANAT_WIDGETS_TABLE_P_H

#include <QtCore/qglobal.h>

QT_BEGIN_NAMESPACE
class QTableView;
QT_END_NAMESPACE

namespace Qanat {

// As all tables here are: rows are chosen, columns can be moved, and Tab leaves it.
void setUpTable(QTableView *table);

} // namespace Qanat

#endif
