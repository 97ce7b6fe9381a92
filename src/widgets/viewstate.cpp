// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "viewstate_p.h"

#include <QtCore/qcryptographichash.h>
#include <QtCore/qdatastream.h>
#include <QtCore/qiodevice.h>

namespace Qanat {

namespace {

constexpr quint32 StateVersion = 1;

QByteArray checksumOf(const QByteArrayList &parts)
{
    return QCryptographicHash::hash(parts.join('/'), QCryptographicHash::Sha256);
}

} // namespace

QByteArray sealed(const QByteArrayList &parts)
{
    QByteArray state;
    QDataStream stream(&state, QIODevice::WriteOnly);
    stream << StateVersion << parts << checksumOf(parts);
    return state;
}

QByteArrayList opened(const QByteArray &state, qsizetype count)
{
    QDataStream stream(state);
    quint32 version = 0;
    QByteArrayList parts;
    QByteArray checksum;
    stream >> version;
    if (version != StateVersion)
        return {};
    stream >> parts >> checksum;
    const bool isWhole = stream.status() == QDataStream::Ok && parts.size() == count && checksum == checksumOf(parts);
    return isWhole ? parts : QByteArrayList();
}

} // namespace Qanat
