// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_DELIVERYAUDIT_H
#define QANAT_TESTS_DELIVERYAUDIT_H

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>

#include <utility>
#include <vector>

namespace Qanat {

/*!
 * What was promised to be safe, against what arrived, over several runs of a program that was ended at any moment.
 *
 * Events are known by their numbers, which are given in the order of writing and never twice. Each run of the program begins with
 * beginRun(); then it is told what that run has promised and what arrived from it. Nothing here knows how that became known: from
 * files, from a pipe, or from a web server.
 */
class DeliveryAudit
{
public:
    //! Another run of the program: what arrives in it may have arrived before, as far as it was under way when the last run ended.
    void beginRun();
    //! The program was about to write all up to this number, and nothing behind it.
    void noteWritten(qint64 last);
    //! The program has said that the events with these numbers are safe.
    void notePromised(qint64 first, qint64 last);
    //! An event came out, in this order.
    void noteArrived(qint64 number);
    //! An event came out with another content than it was written with.
    void noteMangled(qint64 number);

    /*!
     * Takes the lines that qanat-durable-writer writes: `from N`, `written N`, `stored N`, `delivered FIRST LAST` and `mangled N`, each in
     * order. Other lines are passed over, and so is a last one without an end: it was cut off.
     */
    void noteLines(const QByteArray &lines);
    //! The same of a file; false where it cannot be read.
    [[nodiscard]] bool noteFile(const QString &name);

    [[nodiscard]] qint64 written() const { return m_written; }
    [[nodiscard]] qint64 promised() const;
    //! How many different events have arrived.
    [[nodiscard]] qint64 arrived() const { return m_arrived; }
    //! Promised, and never arrived.
    [[nodiscard]] qint64 lost() const;
    //! The number of the first of those; 0 where there is none.
    [[nodiscard]] qint64 firstLost() const;
    //! Arrivals of what had arrived already.
    [[nodiscard]] qint64 repeated() const { return m_repeated; }
    //! The most of them in one run.
    [[nodiscard]] qint64 mostRepeated() const { return m_mostRepeated; }
    //! Arrivals that came after one of a greater number: in the same run, or for the first time.
    [[nodiscard]] qint64 disordered() const { return m_disordered; }
    //! Arrivals of what was never written, or with another content.
    [[nodiscard]] qint64 wrong() const { return m_wrong; }

    //! Nothing is lost, out of order or wrong.
    [[nodiscard]] bool isClean() const { return lost() == 0 && disordered() == 0 && wrong() == 0; }
    //! All of it, for people and scripts: `stored=… arrived=… lost=…`.
    [[nodiscard]] QString toString() const;

private:
    [[nodiscard]] bool hasArrived(qint64 number) const;

    std::vector<bool> m_hasArrived; // By number.
    std::vector<std::pair<qint64, qint64>> m_promises; // First and last; one that grows is the last one.
    qint64 m_from = 1; // Of this run.
    qint64 m_written = 0;
    qint64 m_arrived = 0;
    qint64 m_greatest = 0;
    qint64 m_lastOfRun = 0;
    qint64 m_repeatedInRun = 0;
    qint64 m_repeated = 0;
    qint64 m_mostRepeated = 0;
    qint64 m_disordered = 0;
    qint64 m_wrong = 0;
};

} // namespace Qanat

#endif
