// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "deliveryaudit.h"

#include <QtCore/qbytearraylist.h>
#include <QtCore/qfile.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

void DeliveryAudit::beginRun()
{
    m_lastOfRun = 0;
    m_repeatedInRun = 0;
}

void DeliveryAudit::noteWritten(qint64 last)
{
    m_written = std::max(m_written, last);
}

void DeliveryAudit::notePromised(qint64 first, qint64 last)
{
    if (first > last)
        return;
    if (!m_promises.empty() && m_promises.back().first == first)
        m_promises.back().second = std::max(m_promises.back().second, last);
    else
        m_promises.emplace_back(first, last);
}

void DeliveryAudit::noteArrived(qint64 number)
{
    const bool isLate = number <= m_lastOfRun;
    m_lastOfRun = number;
    if (number < 1 || number > m_written) {
        ++m_wrong;
        return;
    }
    if (hasArrived(number)) {
        ++m_repeated;
        m_mostRepeated = std::max(m_mostRepeated, ++m_repeatedInRun);
        m_disordered += isLate;
        return;
    }
    m_disordered += isLate || number < m_greatest;
    m_greatest = std::max(m_greatest, number);
    if (m_hasArrived.size() <= size_t(number))
        m_hasArrived.resize(size_t(number) + 1);
    m_hasArrived[size_t(number)] = true;
    ++m_arrived;
}

void DeliveryAudit::noteMangled(qint64)
{
    ++m_wrong;
}

void DeliveryAudit::noteLines(const QByteArray &lines)
{
    QByteArrayList whole = lines.split('\n');
    whole.removeLast();
    for (const QByteArray &line : std::as_const(whole)) {
        const QByteArrayList words = line.split(' ');
        const qint64 number = words.value(1).toLongLong();
        if (words[0] == "from") {
            m_from = number;
        } else if (words[0] == "written") {
            noteWritten(number);
        } else if (words[0] == "stored") {
            notePromised(m_from, number);
        } else if (words[0] == "mangled") {
            noteMangled(number);
        } else if (words[0] == "delivered") {
            const qint64 last = words.value(2).toLongLong();
            for (qint64 n = number; n <= last; ++n)
                noteArrived(n);
        }
    }
}

bool DeliveryAudit::noteFile(const QString &name)
{
    QFile file(name);
    if (!file.open(QIODevice::ReadOnly))
        return false;
    noteLines(file.readAll());
    return true;
}

qint64 DeliveryAudit::promised() const
{
    qint64 count = 0;
    for (const auto &[first, last] : m_promises)
        count += last - first + 1;
    return count;
}

qint64 DeliveryAudit::lost() const
{
    qint64 count = 0;
    for (const auto &[first, last] : m_promises) {
        for (qint64 n = first; n <= last; ++n)
            count += !hasArrived(n);
    }
    return count;
}

qint64 DeliveryAudit::firstLost() const
{
    for (const auto &[first, last] : m_promises) {
        for (qint64 n = first; n <= last; ++n) {
            if (!hasArrived(n))
                return n;
        }
    }
    return 0;
}

bool DeliveryAudit::hasArrived(qint64 number) const
{
    return number >= 0 && size_t(number) < m_hasArrived.size() && m_hasArrived[size_t(number)];
}

QString DeliveryAudit::toString() const
{
    return u"written=%1 stored=%2 arrived=%3 lost=%4 repeated=%5 disordered=%6 wrong=%7"_s.arg(m_written)
        .arg(promised())
        .arg(m_arrived)
        .arg(lost())
        .arg(m_repeated)
        .arg(m_disordered)
        .arg(m_wrong);
}

} // namespace Qanat
