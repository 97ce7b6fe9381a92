// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_LETTEREXPORT_P_H
#define QANAT_WIDGETS_LETTEREXPORT_P_H

#include "lettersource_p.h"

#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>
#include <QtCore/qsavefile.h>

namespace Qanat {

/*
 * Writes all letters of a source to a file, page by page, and takes the place of what is in it at the end. It deletes itself; with its parent it ends early.
 */
class LetterExport final : public QObject
{
public:
    static QFuture<Result<qint64>> start(const std::shared_ptr<LetterSource> &source, const QString &fileName,
                                         QObject *parent);

private:
    LetterExport(const std::shared_ptr<LetterSource> &source, const QString &fileName, QObject *parent);

    void readOn();
    void write(const LetterSource::Page &page);
    void finish(const Result<qint64> &result);
    [[nodiscard]] Failure fileFailure() const;

    const std::shared_ptr<LetterSource> m_source;
    QSaveFile m_file;
    QPromise<Result<qint64>> m_promise;
    quint64 m_last = 0;
    qint64 m_count = 0;
};

} // namespace Qanat

#endif
