// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "letterexport_p.h"

#include "lines_p.h"

#include <QtCore/qpointer.h>

using namespace Qt::StringLiterals;

namespace Qanat {

LetterExport::LetterExport(const std::shared_ptr<LetterSource> &source, const QString &fileName, QObject *parent)
    : QObject(parent)
    , m_source(source)
    , m_file(fileName)
{
    m_promise.start();
}

QFuture<Result<qint64>> LetterExport::start(const std::shared_ptr<LetterSource> &source, const QString &fileName,
                                            QObject *parent)
{
    auto *const one = new LetterExport(source, fileName, parent);
    const QFuture<Result<qint64>> future = one->m_promise.future();
    if (one->m_file.open(QIODevice::WriteOnly))
        one->readOn();
    else
        one->finish(one->fileFailure());
    return future;
}

// The source may live on without this.
void LetterExport::readOn()
{
    m_source->read(m_last, [alive = QPointer(this)](const LetterSource::Page &page) {
        if (alive)
            alive->write(page);
    });
}

void LetterExport::write(const LetterSource::Page &page)
{
    if (!page) {
        finish(Failure{page.errorText()});
        return;
    }
    if (page->isEmpty()) {
        finish(m_file.commit() ? Result<qint64>(m_count) : fileFailure());
        return;
    }
    QList<Event> events;
    events.reserve(page->size());
    for (const DeadLetter &letter : *page)
        events.append(letter.toEvent());
    const QByteArray lines = toLines(events);
    m_count += lines.count('\n');
    m_last = page->constLast().number;
    if (m_file.write(lines) == lines.size())
        readOn();
    else
        finish(fileFailure());
}

Failure LetterExport::fileFailure() const
{
    return Failure{u"%1: %2"_s.arg(m_file.fileName(), m_file.errorString())};
}

void LetterExport::finish(const Result<qint64> &result)
{
    m_promise.addResult(result);
    m_promise.finish();
    deleteLater();
}

} // namespace Qanat
