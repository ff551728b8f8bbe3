//! The same in Spanish, for agents.

use muster_domain::sending::{
    CancelReason, HoldReason,
    message::{MessageKind, MessageState},
};

use super::spanish;

spanish! {
    MessageState {
        Queued: "Por salir", "El mensaje está escrito y espera su turno.", "No hay nada que hacer.";
        Held: "En espera", "El mensaje no puede salir ahora. El motivo está al lado.",
            "Saldrá solo cuando el motivo termine.";
        Sending: "Saliendo", "El mensaje se está entregando a la compañía telefónica.", "No hay nada que hacer.";
        Unknown: "No se sabe", "La compañía telefónica no dijo si tomó el mensaje.",
            "Se le está preguntando. Nunca se envía dos veces por una suposición.";
        Sent: "Enviado", "La compañía telefónica tiene el mensaje.", "Después se sabrá si llegó al teléfono.";
        Delivered: "Entregado", "El teléfono de la persona tiene el mensaje.", "No hay nada que hacer.";
        Undelivered: "No entregado", "La compañía telefónica no pudo entregarlo.", "El código al lado dice por qué.";
        Failed: "Rechazado", "La compañía telefónica no aceptó el mensaje.", "El código al lado dice por qué.";
        Cancelled: "No saldrá", "El mensaje se detuvo antes de salir. El motivo está al lado.",
            "No hay nada que hacer.";
        Received: "Recibido", "Lo escribió la persona.", "Alguien debe leerlo.";
    }
    MessageKind {
        Initial: "Primer mensaje", "Abre la conversación.", "No hay nada que hacer.";
        Reminder: "Recordatorio", "Recuerda a una persona que dijo que sí.", "No hay nada que hacer.";
        Reply: "Respuesta", "Lo escribió alguien del equipo.", "No hay nada que hacer.";
        OptOutConfirmation: "Despedida", "Confirma que la persona no recibirá más mensajes.",
            "No hay nada que hacer.";
        Help: "Ayuda", "Responde a una persona que escribió HELP.", "No hay nada que hacer.";
        Test: "Prueba", "Un administrador lo envió a su propio teléfono.", "No hay nada que hacer.";
        Inbound: "De la persona", "Lo escribió la persona.", "Alguien debe leerlo.";
    }
    HoldReason {
        Paused: "En pausa", "Un administrador puso la meta en pausa.", "Saldrá cuando la meta continúe.";
        NotOpen: "Aún no abre", "La apertura se movió a más tarde.", "Saldrá cuando abra.";
        Hours: "Fuera de horario", "Es demasiado temprano o tarde donde puede vivir la persona.",
            "Saldrá solo cuando empiece el horario.";
        Cap: "Se acabó el cupo de hoy", "Las compañías telefónicas permiten cierto número de mensajes al día.",
            "Saldrá mañana.";
        Carrier: "La compañía pidió esperar", "La compañía telefónica está ocupada o tuvo una falla pasajera.",
            "Se intentará otra vez.";
        Rate: "En fila", "Los mensajes salen uno tras otro.", "Saldrá en unos momentos.";
        Frequency: "Contactada hace poco", "La persona ya recibió los mensajes permitidos en 24 horas.",
            "Saldrá cuando pase el día.";
    }
    CancelReason {
        Redacted: "Persona borrada", "Se borró todo sobre la persona.", "No se puede deshacer.";
        OptedOut: "La persona pidió parar", "La persona no quiere más mensajes.",
            "Solo ella puede cambiarlo, escribiendo START.";
        Deactivated: "Desactivada en el grupo", "La persona está desactivada en este grupo.",
            "Avise a un administrador si es un error.";
        NotInGroup: "Fuera del grupo", "La persona ya no está en el grupo.",
            "Avise a un administrador si es un error.";
        NotTextable: "No recibe mensajes", "El número es fijo o no existe.", "Pida un número celular.";
        Reassigned: "Pasó a otra persona", "Ahora la atiende otro miembro del equipo.", "No hay nada que hacer.";
        NoLongerYes: "Ya no es un sí", "La persona cambió su respuesta.", "No hay nada que hacer.";
        WindowClosed: "Cerró antes", "La meta cerró antes de que el mensaje saliera.", "No hay nada que hacer.";
        NoCommonHours: "Sin horario en común", "Los lugares donde puede vivir la persona no comparten horario.",
            "Avise a un administrador.";
        NumberGone: "Número perdido", "El número desde el que iba a salir ya no es suyo.",
            "Avise a un administrador.";
    }
}
