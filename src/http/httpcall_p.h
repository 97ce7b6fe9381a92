// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPCALL_P_H
#define QANAT_HTTP_HTTPCALL_P_H

#include "httpexchange_p.h"

#include <Qanat/core/batch.h>
#include <Qanat/core/completion.h>

#include <memory>
#include <vector>

namespace Qanat {

/*!
 * A batch on its way through HttpSink: which of its events are in which request. A piece goes out in one request; of one that is
 * refused the halves are tried, until the event that is refused is alone.
 */
class HttpCall : public std::enable_shared_from_this<HttpCall>
{
public:
    HttpCall(const Batch &events, Completion &&duty);

    //! No event is left.
    [[nodiscard]] bool isOver() const { return m_position >= m_batch.size(); }
    //! Somebody else has given everybody an outcome.
    [[nodiscard]] bool isVoid() const { return m_completion.remaining() == 0; }
    //! The events that go out next, up to so many; a half that is known to be refused comes as its halves.
    [[nodiscard]] Batch nextPiece(qsizetype most);
    //! The same piece was refused: its halves are next. \a other tells whether the second is refused too, if the first is not.
    enum class Other : quint8 { IsUnknown, IsRefusedThen };
    void split(Other other);
    //! Only the first events of it are next, for now.
    void shorten(qsizetype count);

    //! The piece under way has this outcome. False where nothing is left to be done, since the call is over or has been destroyed.
    [[nodiscard]] static bool settlePiece(const std::shared_ptr<HttpCall> &call, const Delivery &outcome);
    //! All that is left has it; nothing more happens then.
    void settleRest(const Delivery &outcome);
    //! The piece under way, and then the rest, untried. Nothing more happens then.
    void settleLast(const Delivery &outcome);

    //! Whether the piece is; the rest is not.
    void setUnderWay(bool isUnderWay);

    //! How many events that is.
    [[nodiscard]] qsizetype pieceSize() const { return m_pieces.back().end - m_position; }

    std::unique_ptr<HttpExchange> exchange; //!< The request under way.
    bool isLastPiece = false; //!< What follows the piece under way is not sent now.

private:
    struct Piece
    {
        qsizetype end;
        bool isDoubted; // If what comes before it is good, this is not.
        bool isRefused;
    };

    void endPiece();

    Batch m_batch;
    Completion m_completion;
    qsizetype m_position = 0;
    std::vector<Piece> m_pieces; // The next one last.
};

} // namespace Qanat

#endif
