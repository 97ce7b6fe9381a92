// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_SECRETSCRUBBER_P_H
#define QANAT_HTTP_SECRETSCRUBBER_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>
#include <QtCore/qurl.h>

namespace Qanat {

// Makes unreadable what an answer repeats of the request: services like to show what they did not like.
class SecretScrubber
{
public:
    //! A value that only the other side may know, and what is between its blanks and colons.
    void add(const QByteArray &value);
    //! The path and the query, and their parts, as they are spelt and decoded.
    void add(const QUrl &url);
    //! The same for what Basic credentials (RFC 7617) say.
    void addCredentials(const QByteArray &value);

    //! The text as people may see it, which may be the beginning of a longer one.
    [[nodiscard]] QString scrubbed(QByteArray answer) const;

private:
    void note(const QByteArray &value);

    QList<QByteArray> m_secrets;
};

} // namespace Qanat

#endif
